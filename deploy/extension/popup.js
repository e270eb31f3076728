// Shows the state of the session and opens applications. Text is set as text, never as markup.

const message = (key, ...parts) => chrome.i18n.getMessage(key, parts);
const isJapanese = chrome.i18n.getUILanguage().startsWith("ja");
const send = (question) => chrome.runtime.sendMessage(question).catch(() => null);
/** How long the agent may take to answer before this page shows what is known without it. */
const RENEW_MILLISECONDS = 12_000;

function element(tag, text, className) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

const trouble = (text) => element("p", text, "trouble");
const nameOf = (application) => (isJapanese ? application.nameJa : application.nameEn);
const words = (fault) => (isJapanese ? fault.ja : fault.en);

function button(text, action) {
  const made = element("button", text);
  made.addEventListener("click", async () => {
    await action();
    window.close();
  });
  return made;
}

const open = (application, account, owner) => send({ kind: "open", application, account, owner });

function registerPage(application, account) {
  return chrome.runtime.getURL("register.html?" + new URLSearchParams({ application, account }));
}

/** On which page no declared sign came; without one, only that it was not seen. */
function unclear(application, { blocked, silent }) {
  if (silent !== null) return [trouble(message("noSign", application.origin + silent, application.id))];
  return blocked === "unclear" ? [trouble(message("unclear"))] : [];
}

/** One account of one application: its buttons, and what is the matter with it. */
function ownRow(application, account) {
  const { account: label, blocked, note, fault, needsPassword } = account;
  const opening = button(label === "" ? message("open") : message("openAs", label), () => open(application.id, label, ""));
  opening.disabled = blocked === "refused";
  const parts = [opening];
  if (needsPassword) {
    const text = label === "" ? message("register") : message("registerLabel", label);
    parts.push(button(text, () => chrome.tabs.create({ url: registerPage(application.id, label) })));
  }
  for (const one of [blocked, note]) if (one && one !== "unclear") parts.push(trouble(message(one)));
  parts.push(...unclear(application, account));
  if (fault) parts.push(trouble(words(fault)));
  return parts;
}

/** "山田 太郎", or the shared account's id; behind it which of her accounts. */
function whose({ owner, name, account }) {
  const text = name === "" ? owner : name;
  return account === "" ? text : message("whoseAccount", text, account);
}

/** Somebody else's account: opened with one's own card, never registered or changed from here. */
function ownersRow(application, entry) {
  const { owner, name, account, until, blocked, fault, isWanting, isOver } = entry;
  const opening = button(message(name === "" ? "openShared" : "openFor", whose(entry)), () => open(application.id, account, owner));
  opening.disabled = blocked === "refused";
  const day = new Date(until - 1).toLocaleDateString(isJapanese ? "ja" : "en", { month: "long", day: "numeric" });
  const parts = [opening, element("p", message("ownersHint", owner, day), "hint")];
  if (["refused", "mustChange"].includes(blocked)) parts.push(trouble(message(`${blocked}Owner`, whose(entry))));
  if (isOver) parts.push(trouble(message("over", whose(entry))));
  if (isWanting) parts.push(trouble(message("missingOwner", whose(entry))));
  parts.push(...unclear(application, entry));
  if (fault) parts.push(trouble(words(fault)));
  return parts;
}

/** What of the definition does not fit the page: what, where, and who mends it. */
function misfitRow({ id, origin, isPublished, misfit }) {
  if (!isPublished) return [trouble(message("unpublished", id))];
  if (!misfit || misfit.why === "unpublished") return [];
  const part = `${message(`part_${misfit.part}`)} ${misfit.part}: ${misfit.selector}`;
  return [trouble(message(`misfit_${misfit.why}`, origin + misfit.path, part)), trouble(message("misfitNext", id))];
}

function entry(application) {
  const item = document.createElement("li");
  item.append(element("div", nameOf(application)), ...misfitRow(application));
  for (const account of application.accounts) item.append(...ownRow(application, account));
  for (const owner of application.owners) item.append(...ownersRow(application, owner));
  for (const one of application.over) item.append(trouble(message("over", whose(one))));
  if (application.accounts.length === 0) item.append(trouble(message("noPassword")));
  return item;
}

function show({ session: state, fault, applications }) {
  document.getElementById("session").textContent = message(`session_${state}`);
  document.getElementById("fault").textContent = state === "absent" && fault ? words(fault) : "";
  const list = state === "open" ? applications : [];
  document.getElementById("applications").replaceChildren(...list.map(entry));
  document.body.dataset.session = state;
}

document.documentElement.lang = isJapanese ? "ja" : "en";
document.title = message("name");
document.getElementById("name").textContent = message("name");
// What is known is shown at once; the agent is asked what has changed, and looked for where it is not there yet.
const known = await send({ kind: "summary" });
show(known && known.session !== "absent" ? known : { session: "connecting" });
const absent = { session: "absent", fault: null };
const timer = setTimeout(() => show(absent), RENEW_MILLISECONDS);
// An answer that comes after that is shown all the same.
show((await send({ kind: "renew" })) ?? absent);
clearTimeout(timer);
document.body.dataset.isRenewed = "true";
