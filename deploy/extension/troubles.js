// What the person has to know: what did not work, where, and what is to be done; for the popup and its badge.
import { keep, keyOf } from "./memory.js";
import { badge, session } from "./session.js";

/** No credential is kept, or the application refused it: the person can register one. */
const WANTING = new Set(["AP176", "AP177"]);
/** The vault lets nobody stand in for her, or not today. */
export const NOT_DEPUTY = "AP181";
const WHY = ["none", "several", "kind", "leads", "unpublished"];

/** The host's word that what was refused or unclear may be tried again, if it still lists it. */
export function clearTroubles(memory) {
  Object.assign(memory, { blocked: {}, silent: {}, misfits: {}, over: {} });
  session.faults.clear();
}

/**
 * A part of a declared form was not found on its page. What a page says is taken for no more than that; the selector that is shown
 * stands in the definition.
 */
export async function misfit({ part, why }, application, sender, memory, isChange = false) {
  const form = isChange ? application.change : application;
  const selector = part === "definition" ? "" : ["form", "user", "password", "current", "new", "again", "submit"].includes(part) && form?.[part];
  if (typeof selector !== "string" || !WHY.includes(why)) return;
  memory.misfits[application.id] = { part, why, selector, path: new URL(sender.url).pathname };
  await keep();
  await badge();
}

function own(application, account, memory) {
  const key = keyOf(application.id, account);
  const [blocked, fault] = [memory.blocked[key] ?? null, session.faults.get(key) ?? null];
  // What has to be changed is changed by hand where it cannot be changed here, and is another one then.
  const needsPassword = ["refused", "mustChange"].includes(blocked) || WANTING.has(fault?.code);
  return { account, blocked, note: memory.notes[key] ?? null, fault, silent: memory.silent[key] ?? null, needsPassword };
}

/** Somebody else's: what is wrong with it is hers to mend, or an administrator's. */
function others(application, { owner, name, account, until }, memory) {
  const key = keyOf(application.id, account, owner);
  const [blocked, fault] = [memory.blocked[key] ?? null, session.faults.get(key) ?? null];
  const isWanting = WANTING.has(fault?.code);
  return { account, owner, name, until, blocked, fault: isWanting ? null : fault, isWanting, isOver: key in memory.over, silent: memory.silent[key] ?? null };
}

function isListed(application, { owner, account }) {
  return application.owners.some((one) => one.owner === owner && one.account === account);
}

/** What the popup shows. */
export function summary(memory, isConnecting) {
  const applications = (session.state?.applications ?? []).map((application) => ({
    id: application.id,
    nameJa: application.nameJa,
    nameEn: application.nameEn,
    origin: application.origin,
    isPublished: application.isPublished,
    misfit: memory.misfits[application.id] ?? null,
    accounts: application.accounts.map((account) => own(application, account, memory)),
    owners: application.owners.map((owner) => others(application, owner, memory)),
    over: Object.values(memory.over).filter((one) => one.application === application.id && !isListed(application, one)),
  }));
  return { session: session.state?.session ?? (isConnecting ? "connecting" : "absent"), fault: session.fault, applications };
}
