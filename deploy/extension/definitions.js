// What the host says about this session and its applications, taken only if it has exactly the declared shape.

const LIMIT = 64;
const SELECTOR = /^(#[A-Za-z][A-Za-z0-9_-]{0,63}|[a-z][a-z0-9]{0,15}\[[a-z][a-z-]{0,31}=[A-Za-z0-9_./:-]{1,64}\]|\[[a-z][a-z-]{0,31}=[A-Za-z0-9_./:-]{1,64}\])$/;
const PATH = /^\/[!-~]{0,511}$/;
const ACCOUNT = /^([a-z0-9][a-z0-9-]{0,31})?$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
/** A person's name may have characters of the private use area (外字), but nothing that reorders or breaks a line. */
const PERSON = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]{0,64}$/u;

class Unexpected extends Error {}

function need(condition) {
  if (!condition) throw new Unexpected();
}

function object(value, keys) {
  need(typeof value === "object" && value !== null && !Array.isArray(value));
  need(Object.keys(value).length === keys.length && keys.every((key) => Object.hasOwn(value, key)));
  return value;
}

function text(value, pattern) {
  need(typeof value === "string" && pattern.test(value));
  return value;
}

/** `https`, or `http` on this machine alone; written as browsers write it. */
function origin(value) {
  need(typeof value === "string" && value.length <= 255);
  let url;
  try {
    url = new URL(value);
  } catch {
    throw new Unexpected();
  }
  need(url.origin === value);
  need(url.protocol === "https:" || (url.protocol === "http:" && ["127.0.0.1", "localhost"].includes(url.hostname)));
  return value;
}

function sign(value) {
  need(typeof value === "object" && value !== null);
  return Object.hasOwn(value, "path")
    ? { path: text(object(value, ["path"]).path, PATH) }
    : { selector: text(object(value, ["selector"]).selector, SELECTOR) };
}

function changeForm(value) {
  object(value, ["path", "form", "current", "new", "again", "submit", "success", "failure"]);
  return {
    path: text(value.path, PATH),
    form: text(value.form, SELECTOR),
    current: text(value.current, SELECTOR),
    new: text(value.new, SELECTOR),
    again: value.again === null ? null : text(value.again, SELECTOR),
    submit: text(value.submit, SELECTOR),
    success: sign(value.success),
    failure: sign(value.failure),
  };
}

/** Somebody else's account, or a shared one, that the person may use until then. */
function owner(value) {
  object(value, ["owner", "name", "account", "until"]);
  need(Number.isSafeInteger(value.until) && value.until >= 0 && value.until <= 8_640_000_000_000_000);
  return { owner: text(value.owner, NAME), name: text(value.name, PERSON), account: text(value.account, ACCOUNT), until: value.until };
}

function application(value) {
  object(value, [
    "id", "nameJa", "nameEn", "origin", "loginPath", "form", "user", "password", "submit", "success", "failure", "mustChange",
    "change", "accounts", "owners", "isPublished",
  ]);
  need(Array.isArray(value.accounts) && value.accounts.length <= 9);
  need(Array.isArray(value.owners) && value.owners.length <= 32 && typeof value.isPublished === "boolean");
  return {
    id: text(value.id, NAME),
    nameJa: text(value.nameJa, /^[^\p{C}]{1,64}$/u),
    nameEn: text(value.nameEn, /^[^\p{C}]{1,64}$/u),
    origin: origin(value.origin),
    loginPath: text(value.loginPath, PATH),
    form: text(value.form, SELECTOR),
    user: text(value.user, SELECTOR),
    password: text(value.password, SELECTOR),
    submit: text(value.submit, SELECTOR),
    success: sign(value.success),
    failure: sign(value.failure),
    mustChange: value.mustChange === null ? null : sign(value.mustChange),
    change: value.change === null ? null : changeForm(value.change),
    accounts: value.accounts.map((account) => text(account, ACCOUNT)),
    owners: value.owners.map(owner),
    isPublished: value.isPublished,
  };
}

/** The host's answer to `state`, or null if it is anything else. */
export function stateOf(message) {
  try {
    object(message, ["kind", "session", "applications"]);
    need(message.kind === "state" && ["open", "locked", "none"].includes(message.session));
    need(Array.isArray(message.applications) && message.applications.length <= LIMIT);
    return { session: message.session, applications: message.applications.map(application) };
  } catch (fault) {
    if (fault instanceof Unexpected) return null;
    throw fault;
  }
}

/** Where applications offer to end their sessions: the pages named in `ended`. */
export function logoffsOf(message) {
  try {
    object(message, ["kind", "logoff"]);
    need(Array.isArray(message.logoff) && message.logoff.length <= LIMIT);
    return message.logoff.map((page) => {
      object(page, ["origin", "path"]);
      return { origin: origin(page.origin), path: text(page.path, PATH) };
    });
  } catch (fault) {
    if (fault instanceof Unexpected) return [];
    throw fault;
  }
}

function password(value) {
  need(typeof value === "string" && value !== "" && value.length <= 256);
  return value;
}

/** The host's answer to `release` if it is a credential, else null. */
export function credentialOf(message) {
  try {
    object(message, ["kind", "user", "password", "changeDue", "version"]);
    need(message.kind === "credential" && typeof message.changeDue === "boolean");
    return { user: password(message.user), password: password(message.password), changeDue: message.changeDue, version: text(message.version, /^[1-9][0-9]{0,18}$/) };
  } catch (fault) {
    if (fault instanceof Unexpected) return null;
    throw fault;
  }
}

/** The host's answer to `change` if it is the password that is in force and a new one, else null. */
export function changeOf(message) {
  try {
    object(message, ["kind", "current", "new"]);
    need(message.kind === "change" && message.current !== message.new);
    return { current: password(message.current), new: password(message.new) };
  } catch (fault) {
    if (fault instanceof Unexpected) return null;
    throw fault;
  }
}

/** The host's answer to what it was told, or null: whether the former password may be tried now. */
export function notedOf(message) {
  try {
    object(message, ["kind", "retry"]);
    need(message.kind === "noted" && typeof message.retry === "boolean");
    return { retry: message.retry };
  } catch (fault) {
    if (fault instanceof Unexpected) return null;
    throw fault;
  }
}

/** What the host says instead of an answer, for the person; null if it is anything else. */
export function faultOf(message) {
  try {
    object(message, ["kind", "code", "ja", "en"]);
    need(message.kind === "fault");
    for (const part of [message.code, message.ja, message.en]) need(typeof part === "string");
    return { code: message.code.slice(0, 8), ja: message.ja.slice(0, 300), en: message.en.slice(0, 300) };
  } catch (fault) {
    if (fault instanceof Unexpected) return null;
    throw fault;
  }
}
