// The native host, one question at a time: its answers carry no number, so they come in the order of the questions.

const NAME = "jp.sanmon.agent";
const ANSWER_MILLISECONDS = 20_000;

/** Answers of these kinds come unasked. */
const PUSHED = new Set(["locked", "ended", "changed"]);

export class HostGone extends Error {}

export class Host {
  #port = null;
  #waiting = [];
  #told;
  #gone;

  /** `told` is called with each message that comes unasked, `gone` when the host has ended. */
  constructor(told, gone) {
    this.#told = told;
    this.#gone = gone;
  }

  get isConnected() {
    return this.#port !== null;
  }

  connect() {
    if (this.#port) return;
    const port = chrome.runtime.connectNative(NAME);
    this.#port = port;
    port.onMessage.addListener((message) => {
      if (port !== this.#port) return;
      if (PUSHED.has(message?.kind)) return this.#told(message);
      const first = this.#waiting.shift();
      // An answer to nothing: whoever this is does not keep to the protocol.
      if (first) first.resolve(message);
      else this.#close(port);
    });
    port.onDisconnect.addListener(() => {
      // Read, so that Chromium does not write it to its log as unhandled.
      void chrome.runtime.lastError;
      if (port === this.#port) this.#close(port);
    });
  }

  /** One answer. Throws HostGone if there is no host, it ended, or it said nothing for 20 s. */
  ask(question) {
    if (!this.#port) return Promise.reject(new HostGone());
    const port = this.#port;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#close(port), ANSWER_MILLISECONDS);
      const done = (finish) => (value) => {
        clearTimeout(timer);
        finish(value);
      };
      this.#waiting.push({ resolve: done(resolve), reject: done(reject) });
      port.postMessage(question);
    });
  }

  #close(port) {
    if (port !== this.#port) return;
    this.#port = null;
    port.disconnect();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) one.reject(new HostGone());
    this.#gone();
  }
}
