// Decides where a credential goes. What a page's script says is a question; where it comes from is Chromium's word (sender).
import { Host } from "./host.js";
import { beginChange, changeFor, dropChange, lookAtChange, sawChange } from "./changes.js";
import { credentialOf, faultOf, logoffsOf, notedOf, stateOf } from "./definitions.js";
import { forget, keep, keyOf, remembered } from "./memory.js";
import { applicationOf, ask, badge, go, report, session, tell } from "./session.js";

const TRIAL_MILLISECONDS = 120_000;
const LEAVING_MILLISECONDS = 15_000;
const SCRIPT = "page";
const REGISTER = chrome.runtime.getURL("register.html");
/** No credential is kept, or the application refused it: the person can register one. */
const WANTING = new Set(["AP176", "AP177"]);

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

async function connect() {
  await remembered();
  session.host.connect();
  await refresh();
}

async function refresh() {
  const before = session.generation;
  const answer = stateOf(await ask({ kind: "state" }));
  if (before !== session.generation) return;
  session.state = answer;
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
    memory.blocked = {};
    session.faults.clear();
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

/** The account to sign in with in this tab, or null if none may be tried. */
function accountFor(application, tab, memory) {
  const chosen = memory.chosen[tab] ?? (application.accounts.includes("") ? "" : application.accounts[0]);
  if (chosen === undefined || !application.accounts.includes(chosen)) return null;
  return memory.blocked[keyOf(application.id, chosen)] ? null : chosen;
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
  if (trial) memory.blocked[keyOf(trial.application, trial.account)] ??= "unclear";
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
  if (!application || !canTry(application, sender, memory)) return null;
  return { task: "fill", application };
}

function canTry(application, sender, memory) {
  // While a password is being changed nobody knows which one is in force.
  const isBusy = [...Object.values(memory.trials), ...Object.values(memory.changes)].some((one) => one.application === application.id);
  return !isBusy && !memory.tried.includes(sender.documentId) && accountFor(application, sender.tab.id, memory) !== null;
}

async function release(sender, memory) {
  const application = applicationAt(sender);
  if (!application || !canTry(application, sender, memory)) return null;
  const account = accountFor(application, sender.tab.id, memory);
  const tab = sender.tab.id;
  // Before anything is asked: whatever happens from here on, this document and this application have had their try.
  memory.tried.push(sender.documentId);
  memory.trials[tab] = { application: application.id, account, origin: sender.origin, since: Date.now(), isDue: false, version: null };
  await keep();
  const answer = await ask({ kind: "release", application: application.id, account, origin: sender.origin });
  const credential = credentialOf(answer);
  if (!credential) {
    delete memory.trials[tab];
    const fault = faultOf(answer);
    if (fault) session.faults.set(keyOf(application.id, account), fault);
    await keep();
    await badge();
    return null;
  }
  session.faults.delete(keyOf(application.id, account));
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
  const { application, account } = trial;
  if (!["accepted", "refused", "mustChange"].includes(sign)) {
    if (sign === "again" || sign === "withdrawn") unclear(memory, tab);
    await keep();
    await badge();
    return null;
  }
  delete memory.trials[tab];
  if (sign !== "accepted") memory.blocked[keyOf(application, account)] = sign;
  if (sign !== "refused" && !memory.signedIn.includes(sender.origin)) memory.signedIn.push(sender.origin);
  const noted = await tell({ kind: "outcome", application, account, version: trial.version, outcome: sign }, memory);
  if (sign === "refused" && noted?.retry) await tryFormer(application, account, sender, memory);
  // Before the host has noted with which password this sign-in was, none is changed.
  if (noted && (sign === "mustChange" || (sign === "accepted" && trial.isDue))) {
    return beginChange(application, account, sign === "accepted", sender, memory);
  }
  return null;
}

/** A newer password was refused, because a change of it did not arrive: the former one, once, on a page that shows no refusal. */
async function tryFormer(id, account, sender, memory) {
  const application = applicationOf(id);
  if (!application) return;
  if (memory.blocked[keyOf(id, account)] === "refused") delete memory.blocked[keyOf(id, account)];
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

function summary(memory) {
  const applications = (session.state?.applications ?? []).map((application) => ({
    id: application.id,
    nameJa: application.nameJa,
    nameEn: application.nameEn,
    accounts: application.accounts.map((account) => {
      const key = keyOf(application.id, account);
      const [blocked, fault] = [memory.blocked[key] ?? null, session.faults.get(key) ?? null];
      // What has to be changed is changed by hand where it cannot be changed here, and is another one then.
      const needsPassword = ["refused", "mustChange"].includes(blocked) || WANTING.has(fault?.code);
      return { account, blocked, note: memory.notes[key] ?? null, fault, needsPassword };
    }),
  }));
  return { session: session.state?.session ?? "absent", applications };
}

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
  session.faults.delete(key);
  memory.chosen[sender.tab.id] = account;
  await keep();
  await badge();
  await go(sender.tab.id, application.origin + application.loginPath);
  return { fault: null, isKept: true };
}

async function openFor(message, memory) {
  const application = applicationOf(message.application);
  if (session.state?.session !== "open" || !application?.accounts.includes(message.account)) return;
  // The person's own word, which is what an unclear end waits for. What was refused waits for the host's.
  const key = keyOf(application.id, message.account);
  if (memory.blocked[key] === "unclear") delete memory.blocked[key];
  const tab = await chrome.tabs.create({ url: "about:blank" });
  memory.chosen[tab.id] = message.account;
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
      // A person who looks is a reason to look for the agent again.
      if (!session.state) await connect();
      return summary(memory);
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

chrome.alarms.onAlarm.addListener(() => void connect());
chrome.runtime.onStartup.addListener(() => void connect());
chrome.runtime.onInstalled.addListener(() => void connect());
// What is handed out must not end in the browser's own password store.
void chrome.privacy.services.passwordSavingEnabled.set({ value: false });
void connect();
