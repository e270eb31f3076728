// Where a person types the password of an application for the vault: a page of the extension, never one of the application.
// The values go to the agent and nowhere else; the field is empty before its answer is there.

const message = (key, ...parts) => chrome.i18n.getMessage(key, parts);
const isJapanese = chrome.i18n.getUILanguage().startsWith("ja");
const at = (id) => document.getElementById(id);
/** Bytes of a name and of a password. */
const LONGEST = 256;
const asked = new URLSearchParams(location.search);
const [application, account] = [asked.get("application") ?? "", asked.get("account") ?? ""];

function say(text) {
  at("fault").textContent = text;
}

function finish() {
  at("register").hidden = true;
  document.body.dataset.state = "closed";
}

async function show() {
  document.documentElement.lang = isJapanese ? "ja" : "en";
  const known = await chrome.runtime.sendMessage({ kind: "summary" });
  const isThere = known && !["absent", "connecting"].includes(known.session);
  const summary = isThere ? known : await chrome.runtime.sendMessage({ kind: "renew" });
  const found = summary?.applications.find((one) => one.id === application && one.accounts.some((each) => each.account === account));
  const name = found && (isJapanese ? found.nameJa : found.nameEn);
  const title = !found ? message("name") : account === "" ? message("registerFor", name) : message("registerAs", name, account);
  document.title = title;
  at("title").textContent = title;
  at("user-label").textContent = message("user");
  at("password-label").textContent = message("password");
  at("send").textContent = message("register");
  if (summary?.session !== "open" || !found) {
    say(message(summary?.session === "open" ? "notListed" : `session_${summary?.session ?? "absent"}`));
    return finish();
  }
  at("hint").textContent = message("registerHint");
  at("user").focus();
  document.body.dataset.state = "ready";
}

at("register").addEventListener("submit", async (event) => {
  event.preventDefault();
  const [user, password] = [at("user").value, at("password").value];
  at("password").value = "";
  say("");
  if ([user, password].some((text) => new TextEncoder().encode(text).length > LONGEST)) return say(message("tooLong"));
  at("send").disabled = true;
  const answer = await chrome.runtime.sendMessage({ kind: "register", application, account, user, password }).catch(() => null);
  at("send").disabled = false;
  if (answer?.isKept) {
    // The tab goes on to the application's login page.
    at("user").value = "";
    return finish();
  }
  say((isJapanese ? answer?.fault?.ja : answer?.fault?.en) ?? message("notKept"));
  at("password").focus();
});

// A page that is left and comes back out of the browser's memory has nothing in it.
addEventListener("pagehide", () => at("register").reset());

await show();
