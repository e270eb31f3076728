// What has to outlive the worker: Chromium ends it when it is idle. In memory that dies with the browser, out of the reach of pages;
// names of applications and owners and numbers of tabs, never a user name or a password.

const EMPTY = {
  trials: {}, // tab → { application, account, owner, origin, since, isDue, version }: handed out, outcome not seen yet
  blocked: {}, // key of an account → "refused" | "mustChange" | "unclear"
  silent: {}, // key of an account → path on which no declared sign came in time
  misfits: {}, // application → { path, part, why, selector }: what of its form was not as it is declared
  over: {}, // key of an account → { application, account, owner, name }: the vault lets nobody stand in for her any more
  changes: {}, // tab → { application, account, origin, since, isBehind, isAsked, isTold }: a password is being changed there
  changed: [], // keys of accounts whose password was tried to be changed in this session
  notes: {}, // key of an account → "changeRefused" | "changeUnclear"
  chosen: {}, // tab → { account, owner } that the person chose
  signedIn: [], // origins at which a sign-in was accepted
  tried: [], // documents in which a sign-in was tried
  leaving: {}, // tab → { origin, path, pages }: opened to end an application's session
  reports: [], // outcomes that the host has not noted yet, as they are told to it
};
const TRIED = 256;

let memory = null;

/** The one copy; call `keep` after changing it. */
export async function remembered() {
  if (!memory) {
    const stored = (await chrome.storage.session.get("memory")).memory;
    memory ??= { ...structuredClone(EMPTY), ...stored };
  }
  return memory;
}

export function keep() {
  memory.tried = memory.tried.slice(-TRIED);
  return chrome.storage.session.set({ memory });
}

/** At the end of a session. What is left to be ended stays. */
export function forget() {
  Object.assign(memory, { ...structuredClone(EMPTY), leaving: memory.leaving });
  return keep();
}

/** `application/account`, behind it `/owner` for somebody else's. */
export function keyOf(application, account, owner = "") {
  return owner === "" ? `${application}/${account}` : `${application}/${account}/${owner}`;
}
