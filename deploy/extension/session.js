// What the worker knows of the session while it runs, and how it tells the host what came of things.
import { HostGone } from "./host.js";
import { notedOf } from "./definitions.js";
import { keep, remembered } from "./memory.js";

export const session = {
  /** Asked one question at a time. */
  host: null,
  /** The host's last word; null while there is none. */
  state: null,
  /** Counts locks and ends: an answer that was asked for before one of them is thrown away. */
  generation: 0,
  /** Key of an account → the fault that the host gave instead of a credential. */
  faults: new Map(),
  /** What the host said instead of its state, when it was asked last. */
  fault: null,
};

export function applicationOf(id) {
  return session.state?.applications.find((one) => one.id === id) ?? null;
}

/** An answer of the host; null if it was gone, or the session was locked or ended meanwhile and the answer may hold a secret. */
export async function ask(question) {
  const before = session.generation;
  try {
    const answer = await session.host.ask(question);
    return before === session.generation ? answer : null;
  } catch (fault) {
    if (fault instanceof HostGone) return null;
    throw fault;
  }
}

/** Report → what the host answered. */
const answers = new WeakMap();
let reporting = Promise.resolve();

/** One after the other: the host counts what it is told. */
export function report() {
  reporting = reporting.then(sendReports, sendReports);
  return reporting;
}

async function sendReports() {
  const memory = await remembered();
  try {
    while (memory.reports.length > 0 && session.host.isConnected) {
      const outcome = memory.reports[0];
      answers.set(outcome, notedOf(await session.host.ask(outcome)));
      if (memory.reports[0] === outcome) memory.reports.shift();
      await keep();
    }
  } catch (fault) {
    if (!(fault instanceof HostGone)) throw fault;
  }
}

/** Tells the host what came of something; its answer, or null if it did not note it. */
export async function tell(outcome, memory) {
  memory.reports.push(outcome);
  await keep();
  await badge();
  await report();
  return answers.get(outcome) ?? null;
}

/** A tab that was closed meanwhile goes nowhere. */
export function go(tab, url) {
  return chrome.tabs.update(tab, { url }).catch(() => {});
}

export async function badge() {
  const memory = await remembered();
  const troubles = [memory.blocked, memory.notes, memory.silent, memory.misfits, memory.over];
  const needsPerson = troubles.some((one) => Object.keys(one).length > 0) || session.faults.size > 0;
  await chrome.action.setBadgeText({ text: needsPerson ? "!" : "" });
}
