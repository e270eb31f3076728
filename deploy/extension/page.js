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

  /** The form's four parts if this is exactly the declared page and the form leads nowhere else; else null. */
  function partsOf(application) {
    if (window.top !== window || contentType(document) !== "text/html") return null;
    if (location.origin !== application.origin || location.pathname !== application.loginPath) return null;
    const form = only(application.form);
    if (!(form instanceof HTMLFormElement)) return null;
    const [user, password, submit] = ["user", "password", "submit"].map((part) => only(application[part], form));
    // In the address of the next page a password would stand in histories and logs.
    if (methodOf(form) !== "post" || !leadsHere(actionOf(form))) return null;
    const isButton = submit instanceof HTMLButtonElement || (submit instanceof HTMLInputElement && submit.type === "submit");
    if (!isButton || submit.type !== "submit" || submit.disabled) return null;
    if (["formaction", "formmethod", "formtarget"].some((name) => has(submit, name))) return null;
    const targets = [attribute(form, "target"), ...Array.from(all(document, "base[target]"), (base) => attribute(base, "target"))];
    if (targets.some((target) => target !== null && !["", "_self"].includes(target.toLowerCase()))) return null;
    for (const [field, types] of [[user, ["text", "email"]], [password, ["password"]]]) {
      if (!(field instanceof HTMLInputElement) || !types.includes(field.type)) return null;
      if (field.disabled || field.readOnly) return null;
    }
    return { form, user, password, submit };
  }

  async function fill(application) {
    // A page that already shows an outcome says nothing new after a try.
    if ([application.success, application.failure, application.mustChange].some(shows) || !partsOf(application)) return;
    const credential = await ask({ kind: "release" });
    if (!credential) return;
    // Between question and answer the page had time to become another one.
    const parts = partsOf(application);
    if (!parts) return void ask({ kind: "saw", sign: "withdrawn" });
    const { user, password, submit } = parts;
    const before = user.value;
    try {
      // No event is fired and nothing else runs in between: the values are there while the form is being submitted and not after.
      user.autocomplete = "off";
      user.value = credential.user;
      password.value = credential.password;
      submit.click();
    } finally {
      password.value = "";
      user.value = before;
    }
    await watch(application, false);
  }

  /** Waits for a declared sign. On a page that came after the form, the form again is one too. */
  async function watch(application, isNextPage) {
    const sign = () =>
      shows(application.failure) ? "refused"
      : shows(application.mustChange) ? "mustChange"
      : shows(application.success) ? "accepted"
      : isNextPage && partsOf(application) ? "again"
      : null;
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
    if (seen) await ask({ kind: "saw", sign: seen });
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
      if (task?.task === "fill") await fill(task.application);
      if (task?.task === "signs") await watch(task.application, true);
      if (task?.task === "logoff") logoff(task.path);
    } finally {
      isLooking = false;
    }
  };
  if (document.prerendering) addEventListener("prerenderingchange", () => void globalThis.sanmonLook(), { once: true });
  else void globalThis.sanmonLook();
})();
