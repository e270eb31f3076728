// Decides where a credential goes. What a page's script says is a question; where it comes from is Chromium's word (sender).
import { Host } from "./host.js";
import { beginChange, changeFor, dropChange, lookAtChange, sawChange } from "./changes.js";
import { credentialOf, faultOf, logoffsOf, notedOf, stateOf } from "./definitions.js";
import { forget, keep, keyOf, remembered } from "./memory.js";
import { applicationOf, ask, badge, go, report, session, tell } from "./session.js";
import { NOT_DEPUTY, clearTroubles, misfit, summary } from "./troubles.js";

/** How long the outcome of a sign-in is waited for. */
const TRIAL_MILLISECONDS = 60_000;
const LEAVING_MILLISECONDS = 15_000;
/** How long the agent is looked for before the person is told that it does not answer: at a browser's start it may be a moment behind. */
const REACH_MILLISECONDS = 8_000;
const RETRY_MILLISECONDS = 500;
const SCRIPT = "page";
const REGISTER = chrome.runtime.getURL("register.html");

session.host = new Host(
  (message) => void told(message),
  () => {
    session.generation += 1;
    session.state = null;
    void chrome.alarms.create("connect", { delayInMinutes: 0.5 });
    void badge();
  },
);

// --- the host

let reaching = null;

/** Looks for the agent until it has told its state, or a few seconds have passed. */
function connect() {
  reaching ??= reach().finally(() => (reaching = null));
  return reaching;
}

async function reach() {
  await remembered();
  const begun = Date.now();
  for (;;) {
    session.host.connect();
    await refresh();
    if (session.state || Date.now() - begun > REACH_MILLISECONDS) return;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
  }
}

async function refresh() {
  const before = session.generation;
  const said = await ask({ kind: "state" });
  const answer = stateOf(said);
  if (before !== session.generation) return;
  session.state = answer;
  session.fault = faultOf(said);
  await badge();
  // A host that has nothing to say, because its own watch is gone, is asked again later.
  if (!answer) return void chrome.alarms.create("connect", { delayInMinutes: 0.5 });
  await chrome.alarms.clear("connect");
  await watchPages();
  await report();
}

async function told(message) {
  const memory = await remembered();
  if (message.kind === "changed") {
    // The host's word that what was refused or unclear may be tried again, if it still lists it.
    clearTroubles(memory);
    await keep();
    await badge();
    return refresh();
  }
  session.generation += 1;
  session.faults.clear();
  if (message.kind === "locked") {
    if (session.state) session.state = { ...session.state, session: "locked" };
    return badge();
  }
  session.state = { session: "none", applications: [] };
  const pages = logoffsOf(message).filter((page) => memory.signedIn.includes(page.origin));
  const behind = Object.entries(memory.changes).filter(([, change]) => change.isBehind);
  await forget();
  await badge();
  for (const [tab] of behind) await chrome.tabs.remove(Number(tab)).catch(() => {});
  for (const page of pages) await leave(page);
}

// --- pages

function patterns() {
  return [...new Set(session.state.applications.map((application) => `${application.origin}/*`))];
}

/** The page's script runs at the declared origins and nowhere else; pages that are open already get it now. */
async function watchPages() {
  const matches = patterns();
  const known = await chrome.scripting.getRegisteredContentScripts({ ids: [SCRIPT] });
  if (matches.length === 0) {
    if (known.length > 0) await chrome.scripting.unregisterContentScripts({ ids: [SCRIPT] });
    return;
  }
  const script = { id: SCRIPT, matches, js: ["page.js"], allFrames: false, runAt: "document_idle", persistAcrossSessions: false };
  await (known.length > 0 ? chrome.scripting.updateContentScripts([script]) : chrome.scripting.registerContentScripts([script]));
  if (session.state?.session !== "open") return;
  for (const tab of await chrome.tabs.query({ url: matches })) {
    // A tab that is closed, or shows an error, takes no script.
    await chrome.scripting.executeScript({ target: { tabId: tab.id }, files: ["page.js"] }).catch(() => {});
  }
}

/** The declared application whose sign-in page this is, or null. */
function applicationAt(sender) {
  if (session.state?.session !== "open") return null;
  const path = new URL(sender.url).pathname;
  return session.state.applications.find((one) => one.origin === sender.origin && one.loginPath === path) ?? null;
}

/** The account to sign in with in this tab, and whose, or null if none may be tried. Somebody else's is never used unasked. */
function accountFor(application, tab, memory) {
  const chosen = memory.chosen[tab] ?? { account: application.accounts.includes("") ? "" : application.accounts[0], owner: "" };
  if (chosen.account === undefined || !application.accounts.includes(chosen.account)) return null;
  return memory.blocked[keyOf(application.id, chosen.account, chosen.owner)] ? null : chosen;
}

function dropOld(memory) {
  for (const [tab, trial] of Object.entries(memory.trials)) {
    if (Date.now() - trial.since > TRIAL_MILLISECONDS) unclear(memory, tab);
  }
  for (const [tab, change] of Object.entries(memory.changes)) {
    if (Date.now() - change.since > TRIAL_MILLISECONDS) dropChange(memory, tab);
  }
}

/** A password was handed out and nobody saw what came of it: not again by itself. */
function unclear(memory, tab) {
  const trial = memory.trials[tab];
  delete memory.trials[tab];
  if (trial) memory.blocked[keyOf(trial.application, trial.account, trial.owner)] ??= "unclear";
}

/** What the page's script is to do. */
async function look(sender, memory) {
  const leaving = memory.leaving[sender.tab.id];
  if (leaving) return lookAtLogoff(sender, leaving, memory);
  dropOld(memory);
  const change = memory.changes[sender.tab.id];
  if (change) return lookAtChange(sender, change, memory);
  const trial = memory.trials[sender.tab.id];
  if (trial) {
    const application = applicationOf(trial.application);
    if (!application || trial.origin !== sender.origin) return null;
    return { task: "signs", application };
  }
  const application = applicationAt(sender);
  if (application && !application.isPublished) await misfit({ part: "definition", why: "unpublished" }, application, sender, memory);
  if (!application || !canTry(application, sender, memory)) return null;
  return { task: "fill", application };
}

function canTry(application, sender, memory) {
  // While a password is being changed nobody knows which one is in force.
  const isBusy = [...Object.values(memory.trials), ...Object.values(memory.changes)].some((one) => one.application === application.id);
  return application.isPublished && !isBusy && !memory.tried.includes(sender.documentId) && accountFor(application, sender.tab.id, memory) !== null;
}

async function release(sender, memory) {
  const application = applicationAt(sender);
  if (!application || !canTry(application, sender, memory)) return null;
  const tab = sender.tab.id;
  const { account, owner } = accountFor(application, tab, memory);
  const key = keyOf(application.id, account, owner);
  // Before anything is asked: whatever happens from here on, this document and this application have had their try.
  memory.tried.push(sender.documentId);
  memory.trials[tab] = { application: application.id, account, owner, origin: sender.origin, since: Date.now(), isDue: false, version: null };
  // The form is as it was declared.
  delete memory.misfits[application.id];
  await keep();
  void chrome.alarms.create("trials", { delayInMinutes: (TRIAL_MILLISECONDS + 1_000) / 60_000 });
  const answer = await ask({ kind: "release", application: application.id, account, owner, origin: sender.origin });
  const credential = credentialOf(answer);
  if (!credential) {
    delete memory.trials[tab];
    const fault = faultOf(answer);
    if (owner !== "" && fault?.code === NOT_DEPUTY) {
      const name = application.owners.find((one) => one.owner === owner)?.name ?? "";
      memory.over[key] = { application: application.id, account, owner, name };
    } else if (fault) session.faults.set(key, fault);
    await keep();
    await badge();
    return null;
  }
  session.faults.delete(key);
  delete memory.over[key];
  if (memory.trials[tab]) Object.assign(memory.trials[tab], { isDue: credential.changeDue, version: credential.version });
  await keep();
  return { user: credential.user, password: credential.password };
}

/** The page's script saw a sign, or a form that it did not trust after all. What it is to do next, if anything. */
async function saw(sign, sender, memory) {
  const tab = sender.tab.id;
  if (memory.changes[tab]) return sawChange(sign, sender, memory);
  const trial = memory.trials[tab];
  if (!trial || trial.origin !== sender.origin) return null;
  const { application, account, owner } = trial;
  const key = keyOf(application, account, owner);
  if (!["accepted", "refused", "mustChange"].includes(sign)) {
    if (sign === "again" || sign === "withdrawn") unclear(memory, tab);
    // Said at once, and waited for all the same: the application may be slow.
    if (sign === "none") memory.silent[key] = new URL(sender.url).pathname;
    await keep();
    await badge();
    return null;
  }
  delete memory.trials[tab];
  delete memory.silent[key];
  if (sign !== "accepted") memory.blocked[key] = sign;
  if (sign !== "refused" && !memory.signedIn.includes(sender.origin)) memory.signedIn.push(sender.origin);
  const noted = await tell({ kind: "outcome", application, account, owner, version: trial.version, outcome: sign }, memory);
  if (sign === "refused" && noted?.retry) await tryFormer(application, key, sender, memory);
  // Before the host has noted with which password this sign-in was, none is changed; somebody else's never is.
  if (owner === "" && noted && (sign === "mustChange" || (sign === "accepted" && trial.isDue))) {
    return beginChange(application, account, sign === "accepted", sender, memory);
  }
  return null;
}

/** The page of a declared form is not as it was declared: nothing was asked for. */
async function misfits(message, sender, memory) {
  const change = memory.changes[sender.tab.id];
  const application = change ? applicationOf(change.application) : applicationAt(sender);
  if (application?.origin === sender.origin) await misfit(message, application, sender, memory, change !== undefined);
  return null;
}

/** A newer password was refused, because a change of it did not arrive: the former one, once, on a page that shows no refusal. */
async function tryFormer(id, key, sender, memory) {
  const application = applicationOf(id);
  if (!application) return;
  if (memory.blocked[key] === "refused") delete memory.blocked[key];
  await keep();
  await badge();
  await go(sender.tab.id, application.origin + application.loginPath);
}

// --- ending applications' sessions

async function leave(page) {
  const memory = await remembered();
  const tab = await chrome.tabs.create({ url: page.origin + page.path, active: false });
  memory.leaving[tab.id] = { ...page, pages: 0 };
  await keep();
  setTimeout(() => void left(tab.id), LEAVING_MILLISECONDS);
}

async function lookAtLogoff(sender, leaving, memory) {
  if (sender.origin !== leaving.origin) return null;
  leaving.pages += 1;
  await keep();
  if (leaving.pages === 1 && new URL(sender.url).pathname === leaving.path) return { task: "logoff", path: leaving.path };
  await left(sender.tab.id);
  return null;
}

async function left(tab) {
  const memory = await remembered();
  if (!memory.leaving[tab]) return;
  delete memory.leaving[tab];
  await keep();
  await chrome.tabs.remove(tab).catch(() => {});
}

// --- the person's page

/** What a person typed on the extension's own page, for the vault; then the sign-in that confirms it, in the same tab. */
async function register(message, sender, memory) {
  const { application: id, account, user, password } = message;
  const application = applicationOf(id);
  if (session.state?.session !== "open" || !application?.accounts.includes(account)) return { fault: null };
  const answer = await ask({ kind: "capture", application: id, account, user, password });
  if (!notedOf(answer)) return { fault: faultOf(answer) };
  const key = keyOf(id, account);
  delete memory.blocked[key];
  delete memory.notes[key];
  delete memory.silent[key];
  session.faults.delete(key);
  memory.chosen[sender.tab.id] = { account, owner: "" };
  await keep();
  await badge();
  await go(sender.tab.id, application.origin + application.loginPath);
  return { fault: null, isKept: true };
}

async function openFor({ application: id, account, owner }, memory) {
  const application = applicationOf(id);
  if (session.state?.session !== "open" || !application?.accounts.includes(account)) return;
  if (owner !== "" && !application.owners.some((one) => one.owner === owner && one.account === account)) return;
  // The person's own word, which is what an unclear end waits for. What was refused waits for the host's.
  const key = keyOf(id, account, owner);
  if (memory.blocked[key] === "unclear") delete memory.blocked[key];
  delete memory.silent[key];
  delete memory.over[key];
  const tab = await chrome.tabs.create({ url: "about:blank" });
  memory.chosen[tab.id] = { account, owner };
  await keep();
  await badge();
  await chrome.tabs.update(tab.id, { url: application.origin + application.loginPath });
}

// --- who asks

/** The main frame of a page that is on the screen or could be, outside private windows. */
function isPage(sender) {
  return (
    sender.tab?.id !== undefined && sender.frameId === 0 && sender.documentLifecycle === "active" && !sender.tab.incognito &&
    typeof sender.origin === "string" && typeof sender.url === "string" && typeof sender.documentId === "string"
  );
}

async function answer(message, sender) {
  const memory = await remembered();
  if (sender.origin === `chrome-extension://${chrome.runtime.id}`) {
    if (message.kind === "summary") {
      dropOld(memory);
      await keep();
      await badge();
      return summary(memory, reaching !== null);
    }
    // A person who looks is a reason to look for the agent again, and to ask what has changed since.
    if (message.kind === "renew") {
      await (session.state ? refresh() : connect());
      return summary(memory, reaching !== null);
    }
    if (message.kind === "open") await openFor(message, memory);
    if (message.kind === "register" && sender.url?.startsWith(REGISTER)) return register(message, sender, memory);
    return null;
  }
  if (!isPage(sender)) return null;
  switch (message.kind) {
    case "look": return look(sender, memory);
    case "release": return release(sender, memory);
    case "change": return changeFor(sender, memory);
    case "saw": return saw(message.sign, sender, memory);
    case "misfit": return misfits(message, sender, memory);
    default: return null;
  }
}

chrome.runtime.onMessage.addListener((message, sender, respond) => {
  if (sender.id !== chrome.runtime.id || typeof message?.kind !== "string") return false;
  answer(message, sender).then((value) => respond(value ?? null), () => respond(null));
  return true;
});

chrome.tabs.onRemoved.addListener(async (tab) => {
  const memory = await remembered();
  unclear(memory, tab);
  dropChange(memory, tab);
  delete memory.chosen[tab];
  delete memory.leaving[tab];
  await keep();
  await badge();
});

chrome.alarms.onAlarm.addListener(async (alarm) => {
  if (alarm.name !== "trials") return connect();
  dropOld(await remembered());
  await keep();
  await badge();
});
chrome.runtime.onStartup.addListener(() => void connect());
chrome.runtime.onInstalled.addListener(() => void connect());
// What is handed out must not end in the browser's own password store.
void chrome.privacy.services.passwordSavingEnabled.set({ value: false });
void connect();
