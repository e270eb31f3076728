// A password that nobody knows takes the place of the one in force: on the declared page, once in a session, after a sign-in.
import { changeOf, faultOf } from "./definitions.js";
import { keep, keyOf, remembered } from "./memory.js";
import { applicationOf, ask, badge, go, session, tell } from "./session.js";

const CHANGE_MILLISECONDS = 60_000;
const REACH_MILLISECONDS = 15_000;

/** Once in a session for each account. What the page's script is to do now, if it stands on the right page already. */
export async function beginChange(id, account, isBehind, sender, memory) {
  const application = applicationOf(id);
  const key = keyOf(id, account);
  if (session.state?.session !== "open" || !application?.change || memory.changed.includes(key)) return null;
  memory.changed.push(key);
  // A person who only wants to work is not led away from her page.
  const tab = isBehind ? (await chrome.tabs.create({ url: "about:blank", active: false })).id : sender.tab.id;
  memory.changes[tab] = { application: id, account, origin: application.origin, since: Date.now(), isBehind, isAsked: false };
  await keep();
  setTimeout(() => void changeEnded(tab), CHANGE_MILLISECONDS);
  setTimeout(() => void notReached(tab), REACH_MILLISECONDS);
  if (!isBehind && new URL(sender.url).pathname === application.change.path) return { task: "change", application };
  await go(tab, application.origin + application.change.path);
  return null;
}

export async function lookAtChange(sender, change, memory) {
  const application = applicationOf(change.application);
  if (change.isAsked) {
    return application?.change && sender.origin === change.origin ? { task: "changeSigns", application } : null;
  }
  if (isChangePage(application, sender)) return { task: "change", application };
  await notReached(sender.tab.id);
  return null;
}

/** Not the page that was declared: nothing was asked for, and nothing is. */
async function notReached(tab) {
  const memory = await remembered();
  const change = memory.changes[tab];
  if (!change || change.isAsked) return;
  memory.notes[keyOf(change.application, change.account)] = "changeRefused";
  await changeEnded(tab);
}

function isChangePage(application, sender) {
  return (
    session.state?.session === "open" && !!application?.change && sender.origin === application.origin &&
    new URL(sender.url).pathname === application.change.path
  );
}

/** The password in force and a new one that the vault keeps already, for the page that was opened for this. */
export async function changeFor(sender, memory) {
  const tab = sender.tab.id;
  const change = memory.changes[tab];
  const application = applicationOf(change?.application);
  if (!change || change.isAsked || !isChangePage(application, sender)) return null;
  change.isAsked = true;
  await keep();
  const answer = await ask({ kind: "change", application: application.id, account: change.account, origin: sender.origin });
  const passwords = changeOf(answer);
  if (passwords) return { ...passwords, again: passwords.new };
  memory.notes[keyOf(change.application, change.account)] = "changeRefused";
  const fault = faultOf(answer);
  if (fault) session.faults.set(keyOf(change.application, change.account), fault);
  await changeEnded(tab);
  return null;
}

export async function sawChange(sign, sender, memory) {
  const tab = sender.tab.id;
  const change = memory.changes[tab];
  if (!change.isAsked || change.origin !== sender.origin) return null;
  const { application, account } = change;
  const key = keyOf(application, account);
  if (sign === "again") {
    await changeEnded(tab);
    return null;
  }
  // Withdrawn: the page never had it.
  const outcome = { accepted: "accepted", refused: "refused", withdrawn: "refused" }[sign];
  if (!outcome) return null;
  change.isTold = true;
  if (outcome === "refused") memory.notes[key] = "changeRefused";
  else if (memory.blocked[key] === "mustChange") delete memory.blocked[key];
  await tell({ kind: "changeOutcome", application, account, outcome }, memory);
  await changeEnded(tab);
  return null;
}

async function changeEnded(tab) {
  const memory = await remembered();
  const change = memory.changes[tab];
  if (!change) return;
  dropChange(memory, tab);
  await keep();
  await badge();
  if (change.isBehind) await chrome.tabs.remove(Number(tab)).catch(() => {});
}

/** If nobody saw what came of it, the next sign-in shows which of the two passwords is in force. */
export function dropChange(memory, tab) {
  const change = memory.changes[tab];
  delete memory.changes[tab];
  if (change?.isAsked && !change.isTold) memory.notes[keyOf(change.application, change.account)] ??= "changeUnclear";
}
