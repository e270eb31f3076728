// Runs in the main frame of pages at declared origins, in a world of its own: scripts of the page cannot see or change what is here.
// Elements can shadow properties of a document or a form by their names (<input name="action">), in this world too. So nothing is
// asked of them but through the prototypes, which belong to this world.
(() => {
  if (globalThis.sanmonLook) return globalThis.sanmonLook();

  /** After so long without a form, or without a sign, the person is told; after WAIT_MILLISECONDS nobody waits any more. */
  const FORM_MILLISECONDS = 4_000;
  const SIGN_MILLISECONDS = 10_000;
  const WAIT_MILLISECONDS = 60_000;
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

  /** What does not fit: a part of the declared form, and why. */
  class Misfit {
    constructor(part, why) {
      Object.assign(this, { part, why });
    }
  }

  /** The only element that matches, or why there is none; of a form's parts, the only one that belongs to the form. */
  function only(part, selector, form) {
    const found = Array.from(all(document, css(selector))).filter((one) => !form || one.form === form);
    return found.length === 1 ? found[0] : new Misfit(part, found.length === 0 ? "none" : "several");
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

  /** The declared form's elements if the form leads nowhere else; null where this is not the declared page; else what does not fit. */
  function examine(origin, declared) {
    if (window.top !== window || location.origin !== origin || location.pathname !== declared.path) return null;
    if (contentType(document) !== "text/html") return new Misfit("form", "kind");
    const form = only("form", declared.form);
    if (form instanceof Misfit) return form;
    if (!(form instanceof HTMLFormElement)) return new Misfit("form", "kind");
    const fields = {};
    for (const [name, [selector, types]] of Object.entries(declared.fields)) {
      const field = only(name, selector, form);
      if (field instanceof Misfit) return field;
      if (!(field instanceof HTMLInputElement) || !types.includes(field.type)) return new Misfit(name, "kind");
      if (field.disabled || field.readOnly || Object.values(fields).includes(field)) return new Misfit(name, "kind");
      fields[name] = field;
    }
    const submit = only("submit", declared.submit, form);
    if (submit instanceof Misfit) return submit;
    const isButton = submit instanceof HTMLButtonElement || (submit instanceof HTMLInputElement && submit.type === "submit");
    if (!isButton || submit.type !== "submit" || submit.disabled) return new Misfit("submit", "kind");
    return staysHere(form, submit) ? { form, submit, fields } : new Misfit("form", "leads");
  }

  /** The declared form's elements if this is exactly the declared page and the form leads nowhere else; else null. */
  function partsOf(origin, declared) {
    const found = examine(origin, declared);
    return found instanceof Misfit ? null : found;
  }

  /** Ends the wait for a form, so that the worker can be asked again; null while there is none. */
  let stopWaiting = null;

  /** What `look` finds first, now or after the page has changed; null after a minute. `late` is called once, if that takes longer. */
  function awaited(look, milliseconds, late, isStopped = false) {
    const now = look();
    if (now) return Promise.resolve(now);
    return new Promise((resolve) => {
      const observer = new MutationObserver(() => {
        const found = look();
        if (found) finish(found);
      });
      const timers = [setTimeout(late, milliseconds), setTimeout(() => finish(null), WAIT_MILLISECONDS)];
      function finish(value) {
        observer.disconnect();
        timers.forEach(clearTimeout);
        stopWaiting = null;
        resolve(value);
      }
      if (isStopped) stopWaiting = () => finish(null);
      observer.observe(root(document), { subtree: true, childList: true, attributes: true });
    });
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
    const isOver = () => signs.some(([, sign]) => shows(sign));
    if (isOver() || !examine(application.origin, declared)) return;
    // A page may build its form by a script.
    const found = await awaited(
      () => (isOver() ? "over" : partsOf(application.origin, declared)), FORM_MILLISECONDS,
      () => void misfits(application.origin, declared), true);
    if (!found || found === "over") return;
    const values = await ask({ kind });
    if (!values) return;
    // Between question and answer the page had time to become another one.
    const parts = partsOf(application.origin, declared);
    if (!parts) return void ask({ kind: "saw", sign: "withdrawn" });
    send(parts, values);
    await watch(application, declared, signs, false);
  }

  /** Tells which part of the declared form does not fit, by its name in the definition; never what stands on the page. */
  function misfits(origin, declared) {
    const found = examine(origin, declared);
    return found instanceof Misfit ? ask({ kind: "misfit", part: found.part, why: found.why }) : null;
  }

  const change = (application) => fill(application, "change", changeForm(application), changeSigns(application));

  /** Waits for a declared sign. On a page that came after the form, the form again is one too. */
  async function watch(application, declared, signs, isNextPage) {
    const sign = () =>
      signs.find(([, sign]) => shows(sign))?.[0] ?? (isNextPage && partsOf(application.origin, declared) ? "again" : null);
    const seen = await awaited(sign, SIGN_MILLISECONDS, () => void ask({ kind: "saw", sign: "none" }));
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
  let isAskedAgain = false;
  globalThis.sanmonLook = async () => {
    if (window.top !== window) return;
    if (isLooking) {
      // Waiting for a form that may be declared otherwise now. A try that was sent is waited for to its end.
      isAskedAgain = stopWaiting !== null;
      return stopWaiting?.();
    }
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
    if (!isAskedAgain) return;
    isAskedAgain = false;
    void globalThis.sanmonLook();
  };
  if (document.prerendering) addEventListener("prerenderingchange", () => void globalThis.sanmonLook(), { once: true });
  else void globalThis.sanmonLook();
})();
