// Runs in the main frame of pages at declared origins, in a world of its own: scripts of the page cannot see or change what is here.
// Elements can shadow properties of a document or a form by their names (<input name="action">), in this world too. So nothing is
// asked of them but through the prototypes, which belong to this world.
(() => {
  if (globalThis.sanmonLook) return globalThis.sanmonLook();

  const SIGN_MILLISECONDS = 10_000;
  const getter = (kind, name) => Function.prototype.call.bind(Object.getOwnPropertyDescriptor(kind.prototype, name).get);
  const all = Function.prototype.call.bind(Document.prototype.querySelectorAll);
  const attribute = Function.prototype.call.bind(Element.prototype.getAttribute);
  const has = Function.prototype.call.bind(Element.prototype.hasAttribute);
  const actionOf = getter(HTMLFormElement, "action");
  const methodOf = getter(HTMLFormElement, "method");
  const contentType = getter(Document, "contentType");
  const root = getter(Document, "documentElement");

  const ask = (message) => chrome.runtime.sendMessage(message).catch(() => null);

  /** `#id` as it is; the value of an attribute in quotes. */
  const css = (selector) => selector.replace(/=([^\]]*)\]$/, '="$1"]');

  /** The only element that matches, or null; of a form's parts, the only one that belongs to the form. */
  function only(selector, form) {
    const found = Array.from(all(document, css(selector))).filter((one) => !form || one.form === form);
    return found.length === 1 ? found[0] : null;
  }

  function shows(sign) {
    if (!sign) return false;
    return sign.path !== undefined ? location.pathname === sign.path : all(document, css(sign.selector)).length > 0;
  }

  function leadsHere(url) {
    try {
      return new URL(url, location.href).origin === location.origin;
    } catch {
      return false;
    }
  }

  const TEXT = ["text", "email"];
  const PASSWORD = ["password"];

  /** Where a sign-in is typed: the page's path, the form, its fields with their types, its button. */
  const signInForm = ({ loginPath, form, user, password, submit }) => (
    { path: loginPath, form, submit, fields: { user: [user, TEXT], password: [password, PASSWORD] } }
  );

  /** The same for the declared form with which a password is changed. */
  function changeForm({ change }) {
    const fields = { current: [change.current, PASSWORD], new: [change.new, PASSWORD] };
    if (change.again !== null) fields.again = [change.again, PASSWORD];
    return { path: change.path, form: change.form, submit: change.submit, fields };
  }

  /** Whether the form is sent to the page's own origin, in this tab, and not in an address. */
  function staysHere(form, submit) {
    // In the address of the next page a password would stand in histories and logs.
    if (methodOf(form) !== "post" || !leadsHere(actionOf(form))) return false;
    if (["formaction", "formmethod", "formtarget"].some((name) => has(submit, name))) return false;
    const targets = [attribute(form, "target"), ...Array.from(all(document, "base[target]"), (base) => attribute(base, "target"))];
    return targets.every((target) => target === null || ["", "_self"].includes(target.toLowerCase()));
  }

  /** The declared form's elements if this is exactly the declared page and the form leads nowhere else; else null. */
  function partsOf(origin, declared) {
    if (window.top !== window || contentType(document) !== "text/html") return null;
    if (location.origin !== origin || location.pathname !== declared.path) return null;
    const form = only(declared.form);
    if (!(form instanceof HTMLFormElement)) return null;
    const submit = only(declared.submit, form);
    const isButton = submit instanceof HTMLButtonElement || (submit instanceof HTMLInputElement && submit.type === "submit");
    if (!isButton || submit.type !== "submit" || submit.disabled || !staysHere(form, submit)) return null;
    const fields = {};
    for (const [name, [selector, types]] of Object.entries(declared.fields)) {
      const field = only(selector, form);
      if (!(field instanceof HTMLInputElement) || !types.includes(field.type)) return null;
      if (field.disabled || field.readOnly || Object.values(fields).includes(field)) return null;
      fields[name] = field;
    }
    return { form, submit, fields };
  }

  /** Values into their fields, the button pressed, and the values gone again. */
  function send({ form, submit, fields }, values) {
    const entries = Object.entries(fields);
    const before = entries.map(([, field]) => (field.type === "password" ? "" : field.value));
    try {
      // No event is fired and nothing else runs in between: the values are there while the form is being submitted and not after.
      for (const [name, field] of entries) {
        if (field.type !== "password") field.autocomplete = "off";
        field.value = values[name];
      }
      submit.click();
      // A handler of the click may have turned the form. What it leads to is asked for only when this has returned.
      if (!staysHere(form, submit)) window.stop();
    } finally {
      entries.forEach(([, field], place) => (field.value = before[place]));
    }
  }

  const signInSigns = ({ failure, mustChange, success }) => [["refused", failure], ["mustChange", mustChange], ["accepted", success]];
  const changeSigns = ({ change }) => [["refused", change.failure], ["accepted", change.success]];

  /** Asks for the values of one form and sends them, once. */
  async function fill(application, kind, declared, signs) {
    // A page that already shows an outcome says nothing new after a try.
    if (signs.some(([, sign]) => shows(sign)) || !partsOf(application.origin, declared)) return;
    const values = await ask({ kind });
    if (!values) return;
    // Between question and answer the page had time to become another one.
    const parts = partsOf(application.origin, declared);
    if (!parts) return void ask({ kind: "saw", sign: "withdrawn" });
    send(parts, values);
    await watch(application, declared, signs, false);
  }

  const change = (application) => fill(application, "change", changeForm(application), changeSigns(application));

  /** Waits for a declared sign. On a page that came after the form, the form again is one too. */
  async function watch(application, declared, signs, isNextPage) {
    const sign = () =>
      signs.find(([, sign]) => shows(sign))?.[0] ?? (isNextPage && partsOf(application.origin, declared) ? "again" : null);
    const seen = sign() ?? (await new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        const late = sign();
        if (late) finish(late);
      });
      const timer = setTimeout(() => finish(null), SIGN_MILLISECONDS);
      function finish(value) {
        observer.disconnect();
        clearTimeout(timer);
        resolve(value);
      }
      observer.observe(root(document), { subtree: true, childList: true, attributes: true });
    }));
    if (!seen) return;
    // The password was right and is too old: the answer may be that this page has the form to change it.
    const next = await ask({ kind: "saw", sign: seen });
    if (next?.task === "change") await change(next.application);
  }

  /** The application's own log-off form on its own log-off page. */
  function logoff(path) {
    for (const form of all(document, "form")) {
      const action = new URL(actionOf(form), location.href);
      if (methodOf(form) !== "post" || action.origin !== location.origin || action.pathname !== path) continue;
      return HTMLFormElement.prototype.requestSubmit.call(form);
    }
  }

  let isLooking = false;
  globalThis.sanmonLook = async () => {
    if (isLooking || window.top !== window) return;
    isLooking = true;
    try {
      const task = await ask({ kind: "look" });
      const application = task?.application;
      switch (task?.task) {
        case "fill": await fill(application, "release", signInForm(application), signInSigns(application)); break;
        case "signs": await watch(application, signInForm(application), signInSigns(application), true); break;
        case "change": await change(application); break;
        case "changeSigns": await watch(application, changeForm(application), changeSigns(application), true); break;
        case "logoff": logoff(task.path); break;
      }
    } finally {
      isLooking = false;
    }
  };
  if (document.prerendering) addEventListener("prerenderingchange", () => void globalThis.sanmonLook(), { once: true });
  else void globalThis.sanmonLook();
})();
