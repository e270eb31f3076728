// Decides where a credential goes. What a page's script says is a question; where it comes from is Chromium's word (sender).
import { Host, HostGone } from "./host.js";
import { credentialOf, logoffsOf, stateOf } from "./definitions.js";
import { forget, keep, keyOf, remembered } from "./memory.js";

const TRIAL_MILLISECONDS = 120_000;
const LEAVING_MILLISECONDS = 15_000;
const SCRIPT = "page";

/** The host's last word; null while there is none. */
let state = null;
/** Counts locks and ends: an answer that was asked for before one of them is thrown away. */
let generation = 0;
/** Application → the fault that the host gave instead of a credential. */
const faults = new Map();

const host = new Host(
  (message) => void told(message),
  () => {
    generation += 1;
    state = null;
    void chrome.alarms.create("connect", { delayInMinutes: 0.5 });
    void badge();
  },
);

// --- the host

async function connect() {
  await remembered();
  host.connect();
  await refresh();
}

async function refresh() {
  try {
    const before = generation;
    const answer = stateOf(await host.ask({ kind: "state" }));
    if (before !== generation) return;
    state = answer;
    await badge();
    // A host that has nothing to say, because its own watch is gone, is asked again later.
    if (!state) return void chrome.alarms.create("connect", { delayInMinutes: 0.5 });
    await chrome.alarms.clear("connect");
    await watchPages();
    await report();
  } catch (fault) {
    if (!(fault instanceof HostGone)) throw fault;
  }
}

async function told(message) {
  const memory = await remembered();
  if (message.kind === "changed") {
    // The host's word that what was refused or unclear may be tried again, if it still lists it.
    memory.blocked = {};
    faults.clear();
    await keep();
    await badge();
    return refresh();
  }
  generation += 1;
  faults.clear();
  if (message.kind === "locked") {
    if (state) state = { ...state, session: "locked" };
    return badge();
  }
  state = { session: "none", applications: [] };
  const pages = logoffsOf(message).filter((page) => memory.signedIn.includes(page.origin));
  await forget();
  await badge();
  for (const page of pages) await leave(page);
}

async function report() {
  const memory = await remembered();
  while (memory.reports.length > 0 && host.isConnected) {
    const outcome = memory.reports[0];
    await host.ask({ kind: "outcome", ...outcome });
    if (memory.reports[0] === outcome) memory.reports.shift();
    await keep();
  }
}

// --- pages

function patterns() {
  return [...new Set(state.applications.map((application) => `${application.origin}/*`))];
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
  if (state?.session !== "open") return;
  for (const tab of await chrome.tabs.query({ url: matches })) {
    // A tab that is closed, or shows an error, takes no script.
    await chrome.scripting.executeScript({ target: { tabId: tab.id }, files: ["page.js"] }).catch(() => {});
  }
}

/** The declared application whose sign-in page this is, or null. */
function applicationAt(sender) {
  if (state?.session !== "open") return null;
  const path = new URL(sender.url).pathname;
  return state.applications.find((one) => one.origin === sender.origin && one.loginPath === path) ?? null;
}

/** The account to sign in with in this tab, or null if none may be tried. */
function accountFor(application, tab, memory) {
  const chosen = memory.chosen[tab] ?? (application.accounts.includes("") ? "" : application.accounts[0]);
  if (chosen === undefined || !application.accounts.includes(chosen)) return null;
  return memory.blocked[keyOf(application.id, chosen)] ? null : chosen;
}

function dropOldTrials(memory) {
  for (const [tab, trial] of Object.entries(memory.trials)) {
    if (Date.now() - trial.since > TRIAL_MILLISECONDS) unclear(memory, tab);
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
  dropOldTrials(memory);
  const trial = memory.trials[sender.tab.id];
  if (trial) {
    const application = state?.applications.find((one) => one.id === trial.application);
    if (!application || trial.origin !== sender.origin) return null;
    return { task: "signs", application };
  }
  const application = applicationAt(sender);
  if (!application || !canTry(application, sender, memory)) return null;
  return { task: "fill", application };
}

function canTry(application, sender, memory) {
  const isBusy = Object.values(memory.trials).some((trial) => trial.application === application.id);
  return !isBusy && !memory.tried.includes(sender.documentId) && accountFor(application, sender.tab.id, memory) !== null;
}

async function release(sender, memory) {
  const application = applicationAt(sender);
  if (!application || !canTry(application, sender, memory)) return null;
  const account = accountFor(application, sender.tab.id, memory);
  const tab = sender.tab.id;
  // Before anything is asked: whatever happens from here on, this document and this application have had their try.
  memory.tried.push(sender.documentId);
  memory.trials[tab] = { application: application.id, account, origin: sender.origin, since: Date.now() };
  const before = generation;
  let answer = null;
  try {
    await keep();
    answer = await host.ask({ kind: "release", application: application.id, account, origin: sender.origin });
  } catch (fault) {
    if (!(fault instanceof HostGone)) throw fault;
  }
  const credential = before === generation ? credentialOf(answer) : null;
  if (!credential) {
    delete memory.trials[tab];
    if (answer?.kind === "fault" && typeof answer.ja === "string" && typeof answer.en === "string") {
      faults.set(application.id, { ja: answer.ja.slice(0, 300), en: answer.en.slice(0, 300) });
    }
    await keep();
    await badge();
    return null;
  }
  faults.delete(application.id);
  return credential;
}

/** The page's script saw a sign, or a form that it did not trust after all. */
async function saw(sign, sender, memory) {
  const tab = sender.tab.id;
  const trial = memory.trials[tab];
  if (!trial || trial.origin !== sender.origin) return;
  const { application, account } = trial;
  if (sign === "again" || sign === "withdrawn") {
    unclear(memory, tab);
  } else if (["accepted", "refused", "mustChange"].includes(sign)) {
    delete memory.trials[tab];
    if (sign !== "accepted") memory.blocked[keyOf(application, account)] = sign;
    if (sign !== "refused" && !memory.signedIn.includes(sender.origin)) memory.signedIn.push(sender.origin);
    memory.reports.push({ application, account, outcome: sign });
  }
  await keep();
  await badge();
  await report().catch((fault) => {
    if (!(fault instanceof HostGone)) throw fault;
  });
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
  const applications = (state?.applications ?? []).map((application) => ({
    id: application.id,
    nameJa: application.nameJa,
    nameEn: application.nameEn,
    fault: faults.get(application.id) ?? null,
    accounts: application.accounts.map((account) => ({
      account,
      blocked: memory.blocked[keyOf(application.id, account)] ?? null,
    })),
  }));
  return { session: state?.session ?? "absent", applications };
}

async function openFor(message, memory) {
  const application = state?.applications.find((one) => one.id === message.application);
  if (state?.session !== "open" || !application?.accounts.includes(message.account)) return;
  // The person's own word, which is what an unclear end waits for. What was refused waits for the host's.
  const key = keyOf(application.id, message.account);
  if (memory.blocked[key] === "unclear") delete memory.blocked[key];
  const tab = await chrome.tabs.create({ url: "about:blank" });
  memory.chosen[tab.id] = message.account;
  await keep();
  await badge();
  await chrome.tabs.update(tab.id, { url: application.origin + application.loginPath });
}

async function badge() {
  const memory = await remembered();
  const needsPerson = Object.keys(memory.blocked).length > 0 || faults.size > 0;
  await chrome.action.setBadgeText({ text: needsPerson ? "!" : "" });
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
      if (!state) await connect();
      return summary(memory);
    }
    if (message.kind === "open") await openFor(message, memory);
    return null;
  }
  if (!isPage(sender)) return null;
  switch (message.kind) {
    case "look": return look(sender, memory);
    case "release": return release(sender, memory);
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
