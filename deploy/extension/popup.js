// Shows the state of the session and opens applications. Text is set as text, never as markup.

const message = (key, ...parts) => chrome.i18n.getMessage(key, parts);
const isJapanese = chrome.i18n.getUILanguage().startsWith("ja");
const TROUBLES = { refused: "refused", mustChange: "mustChange", unclear: "unclear" };

function element(tag, text, className) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function entry(application) {
  const name = isJapanese ? application.nameJa : application.nameEn;
  const item = document.createElement("li");
  item.append(element("div", name));
  for (const { account, blocked } of application.accounts) {
    const button = element("button", account === "" ? message("open") : message("openAs", account));
    button.disabled = blocked === "refused";
    button.addEventListener("click", async () => {
      await chrome.runtime.sendMessage({ kind: "open", application: application.id, account });
      window.close();
    });
    item.append(button);
    if (blocked) item.append(element("p", message(TROUBLES[blocked]), "trouble"));
  }
  if (application.accounts.length === 0) item.append(element("p", message("noPassword"), "trouble"));
  if (application.fault) item.append(element("p", isJapanese ? application.fault.ja : application.fault.en, "trouble"));
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
