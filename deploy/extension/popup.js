// Shows the state of the session and opens applications. Text is set as text, never as markup.

const message = (key, ...parts) => chrome.i18n.getMessage(key, parts);
const isJapanese = chrome.i18n.getUILanguage().startsWith("ja");

function element(tag, text, className) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function button(text, action) {
  const made = element("button", text);
  made.addEventListener("click", async () => {
    await action();
    window.close();
  });
  return made;
}

function registerPage(application, account) {
  return chrome.runtime.getURL("register.html?" + new URLSearchParams({ application, account }));
}

/** One account of one application: its buttons, and what is the matter with it. */
function buttons(id, { account, blocked, note, fault, needsPassword }) {
  const label = account === "" ? message("open") : message("openAs", account);
  const open = button(label, () => chrome.runtime.sendMessage({ kind: "open", application: id, account }));
  open.disabled = blocked === "refused";
  const parts = [open];
  if (needsPassword) {
    const words = account === "" ? message("register") : message("registerLabel", account);
    parts.push(button(words, () => chrome.tabs.create({ url: registerPage(id, account) })));
  }
  for (const trouble of [blocked, note]) if (trouble) parts.push(element("p", message(trouble), "trouble"));
  if (fault) parts.push(element("p", isJapanese ? fault.ja : fault.en, "trouble"));
  return parts;
}

function entry(application) {
  const item = document.createElement("li");
  item.append(element("div", isJapanese ? application.nameJa : application.nameEn));
  for (const account of application.accounts) item.append(...buttons(application.id, account));
  if (application.accounts.length === 0) item.append(element("p", message("noPassword"), "trouble"));
  return item;
}

async function show() {
  document.documentElement.lang = isJapanese ? "ja" : "en";
  document.title = message("name");
  document.getElementById("name").textContent = message("name");
  const summary = await chrome.runtime.sendMessage({ kind: "summary" });
  document.getElementById("session").textContent = message(`session_${summary?.session ?? "absent"}`);
  const list = summary?.session === "open" ? summary.applications : [];
  document.getElementById("applications").replaceChildren(...list.map(entry));
  document.body.dataset.session = summary?.session ?? "absent";
}

await show();
