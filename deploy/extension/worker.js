// Decides where a credential goes. What a page's script says is a question; where it comes from is Chromium's word (sender).
import { Host, HostGone } from "./host.js";
import { changeOf, credentialOf, faultOf, logoffsOf, notedOf, stateOf } from "./definitions.js";
import { forget, keep, keyOf, remembered } from "./memory.js";

const TRIAL_MILLISECONDS = 120_000;
const CHANGE_MILLISECONDS = 60_000;
const LEAVING_MILLISECONDS = 15_000;
const SCRIPT = "page";
const REGISTER = chrome.runtime.getURL("register.html");
/** No credential is kept, or the application refused it: the person can register one. */
const WANTING = new Set(["AP176", "AP177"]);

/** The host's last word; null while there is none. */
let state = null;
/** Counts locks and ends: an answer that was asked for before one of them is thrown away. */
let generation = 0;
/** "application/account" → the fault that the host gave instead of a credential. */
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
  const behind = Object.entries(memory.changes).filter(([, change]) => change.isBehind);
  await forget();
  await badge();
  for (const [tab] of behind) await chrome.tabs.remove(Number(tab)).catch(() => {});
  for (const page of pages) await leave(page);
}

/** Report → what the host answered. */
const answers = new WeakMap();
let reporting = Promise.resolve();

/** One after the other: the host counts what it is told. */
function report() {
  reporting = reporting.then(sendReports, sendReports);
  return reporting;
}

async function sendReports() {
  const memory = await remembered();
  try {
    while (memory.reports.length > 0 && host.isConnected) {
      const outcome = memory.reports[0];
      answers.set(outcome, notedOf(await host.ask(outcome)));
      if (memory.reports[0] === outcome) memory.reports.shift();
      await keep();
    }
  } catch (fault) {
    if (!(fault instanceof HostGone)) throw fault;
  }
}

/** Tells the host what came of something; its answer, or null if it did not note it. */
async function tell(outcome, memory) {
  memory.reports.push(outcome);
  await keep();
  await badge();
  await report();
  return answers.get(outcome) ?? null;
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
    const application = state?.applications.find((one) => one.id === trial.application);
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
    const fault = faultOf(answer);
    if (fault) faults.set(keyOf(application.id, account), fault);
    await keep();
    await badge();
    return null;
  }
  faults.delete(keyOf(application.id, account));
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
  const application = state?.applications.find((one) => one.id === id);
  if (!application) return;
  if (memory.blocked[keyOf(id, account)] === "refused") delete memory.blocked[keyOf(id, account)];
  await keep();
  await badge();
  await go(sender.tab.id, application.origin + application.loginPath);
}

/** A tab that was closed meanwhile goes nowhere. */
function go(tab, url) {
  return chrome.tabs.update(tab, { url }).catch(() => {});
}

// --- changing a password

/** Once in a session for each account. What the page's script is to do now, if it stands on the right page already. */
async function beginChange(id, account, isBehind, sender, memory) {
  const application = state?.applications.find((one) => one.id === id);
  const key = keyOf(id, account);
  if (state?.session !== "open" || !application?.change || memory.changed.includes(key)) return null;
  memory.changed.push(key);
  // A person who only wants to work is not led away from her page.
  const tab = isBehind ? (await chrome.tabs.create({ url: "about:blank", active: false })).id : sender.tab.id;
  memory.changes[tab] = { application: id, account, origin: application.origin, since: Date.now(), isBehind, isAsked: false };
  await keep();
  setTimeout(() => void changeEnded(tab), CHANGE_MILLISECONDS);
  setTimeout(() => void notReached(tab), LEAVING_MILLISECONDS);
  if (!isBehind && new URL(sender.url).pathname === application.change.path) return { task: "change", application };
  await go(tab, application.origin + application.change.path);
  return null;
}

async function lookAtChange(sender, change, memory) {
  const application = state?.applications.find((one) => one.id === change.application);
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
    state?.session === "open" && !!application?.change && sender.origin === application.origin &&
    new URL(sender.url).pathname === application.change.path
  );
}

/** The password in force and a new one that the vault keeps already, for the page that was opened for this. */
async function changeFor(sender, memory) {
  const tab = sender.tab.id;
  const change = memory.changes[tab];
  const application = state?.applications.find((one) => one.id === change?.application);
  if (!change || change.isAsked || !isChangePage(application, sender)) return null;
  change.isAsked = true;
  const before = generation;
  let answer = null;
  try {
    await keep();
    answer = await host.ask({ kind: "change", application: application.id, account: change.account, origin: sender.origin });
  } catch (fault) {
    if (!(fault instanceof HostGone)) throw fault;
  }
  const passwords = before === generation ? changeOf(answer) : null;
  if (passwords) return { ...passwords, again: passwords.new };
  memory.notes[keyOf(change.application, change.account)] = "changeRefused";
  const fault = faultOf(answer);
  if (fault) faults.set(keyOf(change.application, change.account), fault);
  await changeEnded(tab);
  return null;
}

async function sawChange(sign, sender, memory) {
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
function dropChange(memory, tab) {
  const change = memory.changes[tab];
  delete memory.changes[tab];
  if (change?.isAsked && !change.isTold) memory.notes[keyOf(change.application, change.account)] ??= "changeUnclear";
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
    accounts: application.accounts.map((account) => {
      const key = keyOf(application.id, account);
      const [blocked, fault] = [memory.blocked[key] ?? null, faults.get(key) ?? null];
      return { account, blocked, note: memory.notes[key] ?? null, fault, needsPassword: blocked === "refused" || WANTING.has(fault?.code) };
    }),
  }));
  return { session: state?.session ?? "absent", applications };
}

/** What a person typed on the extension's own page, for the vault; then the sign-in that confirms it, in the same tab. */
async function register(message, sender, memory) {
  const { application: id, account, user, password } = message;
  const application = state?.applications.find((one) => one.id === id);
  if (state?.session !== "open" || !application?.accounts.includes(account)) return { fault: null };
  let answer = null;
  try {
    answer = await host.ask({ kind: "capture", application: id, account, user, password });
  } catch (fault) {
    if (!(fault instanceof HostGone)) throw fault;
  }
  if (!notedOf(answer)) return { fault: faultOf(answer) };
  const key = keyOf(id, account);
  delete memory.blocked[key];
  delete memory.notes[key];
  faults.delete(key);
  memory.chosen[sender.tab.id] = account;
  await keep();
  await badge();
  await go(sender.tab.id, application.origin + application.loginPath);
  return { fault: null, isKept: true };
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
  const needsPerson = [memory.blocked, memory.notes].some((one) => Object.keys(one).length > 0) || faults.size > 0;
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
