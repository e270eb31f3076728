"""Drives Debian's Chromium for demonstrations and tests, through the pipe that it offers its parent (no port, nobody else gets in).

As a module: Browser(profile) … load_extension, allow_host, open → Page. As a program, it reads one step a line from standard input
and answers each with one line, `ok …` or `failed …`, so that a shell can drive it as a coprocess:

  browser.py PROFILE [--extension FOLDER] [--host NAME=PROGRAM] [--map NAME=127.0.0.1:PORT]… [--certificate-of FILE]

  open URL            a new page, which the later steps are about
  go URL              the same page goes there
  wait SECONDS EXPR   until the JavaScript expression is true in the page
  eval EXPR           its value, as JSON
  alone URL           a new page, and every other one is closed
  attach TEXT         the page whose address has this in it; the later steps are about it
  type TEXT           as from a keyboard, into the field that has the focus
  press KEY           Enter or Tab
  shot FILE           a picture of the page (PNG)
  extension           the extension's id
  url                 where the page is now

Only addresses of this machine are reached: every other name leads nowhere.
"""
import argparse
import base64
import fcntl
import hashlib
import json
import os
import select
import signal
import subprocess
import sys
import time

CHROMIUM = "/usr/bin/chromium"
COMMAND_SECONDS = 30
# Chromium speaks the language of its environment; the locale itself need not be installed.
LOCALES = {"ja": "ja_JP.UTF-8", "en": "en_US.UTF-8"}


class BrowserFault(Exception):
    """Chromium did not start, did not answer, refused a command, or a condition did not come true in time."""


class Browser:
    def __init__(self, profile, maps=None, certificate=None, size=(1120, 800), language="ja"):
        """Starts Chromium without a window, on a profile of its own.

        profile: folder, made if it is not there. maps: host name (or name:port) → address:port on this machine.
        certificate: PEM file of a server certificate that is taken for good, whoever signed it (tests make their own).
        """
        self.profile = os.path.abspath(profile)
        os.makedirs(os.path.join(self.profile, "NativeMessagingHosts"), mode=0o700, exist_ok=True)
        rules = [f"MAP {name} {address}" for name, address in (maps or {}).items()]
        rules += ["MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1", "EXCLUDE localhost"]
        arguments = [
            CHROMIUM, "--headless=new", "--remote-debugging-pipe", "--enable-unsafe-extension-debugging",
            f"--user-data-dir={self.profile}", f"--window-size={size[0]},{size[1]}", f"--lang={language}",
            f"--accept-lang={language}", "--host-resolver-rules=" + ",".join(rules), "--no-first-run",
            "--no-default-browser-check", "--no-proxy-server", "--password-store=basic", "--disable-gpu",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
        ]
        if certificate:
            arguments.append("--ignore-certificate-errors-spki-list=" + public_key_hash(certificate))
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # Chromium's own sandbox does not work for root; only containers run tests as root.
        # What Chromium keeps outside its profile (certificates, caches) follows HOME.
        environment = dict(os.environ, HOME=self.profile, LANGUAGE=language, LC_ALL=LOCALES.get(language, "C.UTF-8"))
        environment = {name: value for name, value in environment.items() if not name.startswith("XDG_")}
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()
        # The two ends have to be 3 and 4 over there; moved up first, so that neither overwrites the other.
        there = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in (to_read, to_write)]
        self._process = os.posix_spawn(
            CHROMIUM, arguments + ["about:blank"], environment, setpgroup=0,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.path.join(self.profile, "chromium.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2), (os.POSIX_SPAWN_DUP2, there[0], 3), (os.POSIX_SPAWN_DUP2, there[1], 4),
            ])
        for end in (to_read, to_write, *there):
            os.close(end)
        self._read = bytearray()
        self._last = 0
        self.version = self.call("Browser.getVersion")["product"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def call(self, method, parameters=None, session=None, seconds=COMMAND_SECONDS):
        """One DevTools command and its result; BrowserFault if it is refused or takes longer."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = session
        try:
            os.write(self._to, json.dumps(message).encode() + b"\0")
        except BrokenPipeError:
            raise BrowserFault("Chromium has ended") from None
        deadline = time.monotonic() + seconds
        while True:
            answer = self._message(deadline, method)
            if answer.get("id") == self._last:  # others are events, or answers that came too late
                break
        if "error" in answer:
            raise BrowserFault(f"{method}: {answer['error'].get('message')}")
        return answer["result"]

    def _message(self, deadline, method):
        while b"\0" not in self._read:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._from], [], [], left)[0]:
                raise BrowserFault(f"{method}: no answer in time")
            part = os.read(self._from, 1 << 20)
            if not part:
                raise BrowserFault("Chromium has ended; its last words are in chromium.log of the profile")
            self._read += part
        message, _, rest = bytes(self._read).partition(b"\0")
        self._read = bytearray(rest)
        return json.loads(message)

    def load_extension(self, folder):
        """Loads an unpacked extension; its id."""
        return self.call("Extensions.loadUnpacked", {"path": os.path.abspath(folder)})["id"]

    def allow_host(self, name, program, extension):
        """Lets that extension start that program as its native messaging host of this name."""
        manifest = {
            "name": name, "description": name, "path": os.path.abspath(program), "type": "stdio",
            "allowed_origins": [f"chrome-extension://{extension}/"],
        }
        with open(os.path.join(self.profile, "NativeMessagingHosts", name + ".json"), "w", encoding="utf-8") as file:
            json.dump(manifest, file)

    def open(self, url):
        """A new page; returns at once, the page may still load."""
        return Page(self, self.call("Target.createTarget", {"url": url})["targetId"])

    def attach(self, part, seconds=10):
        """The page whose address has this part in it, whoever opened it."""
        deadline = time.monotonic() + seconds
        while True:
            found = next((target for target, url in self.pages() if part in url), None)
            if found:
                return Page(self, found)
            if time.monotonic() > deadline:
                raise BrowserFault(f"no page within {seconds} s: {part}")
            time.sleep(0.05)

    def pages(self):
        """Every page there is, with its address."""
        targets = self.call("Target.getTargets")["targetInfos"]
        return [(target["targetId"], target["url"]) for target in targets if target["type"] == "page"]

    def worker(self, extension, seconds=10):
        """The extension's service worker, to look into in tests."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for target in self.call("Target.getTargets")["targetInfos"]:
                if target["type"] == "service_worker" and target["url"].startswith(f"chrome-extension://{extension}/"):
                    return Page(self, target["targetId"])
            time.sleep(0.1)
        raise BrowserFault("the extension's service worker does not run")

    def close(self):
        """Asks Chromium to end, so that it writes what it would write, and insists after ten seconds."""
        if self._process is None:
            return
        try:
            self.call("Browser.close", seconds=5)
        except BrowserFault:
            pass
        deadline = time.monotonic() + 10
        while True:
            ended, _ = os.waitpid(self._process, os.WNOHANG)
            if ended:
                break
            if time.monotonic() > deadline:
                os.killpg(self._process, signal.SIGKILL)
                os.waitpid(self._process, 0)
                break
            time.sleep(0.05)
        self._process = None
        os.close(self._to)
        os.close(self._from)


class Page:
    def __init__(self, browser, target):
        self._browser = browser
        self.target = target
        self._session = browser.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]

    def call(self, method, parameters=None):
        return self._browser.call(method, parameters, self._session)

    def evaluate(self, expression):
        """The value of a JavaScript expression in the page's own world; BrowserFault if it throws."""
        result = self.call(
            "Runtime.evaluate", {"expression": expression, "returnByValue": True, "awaitPromise": True, "userGesture": True})
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise BrowserFault(details.get("exception", {}).get("description") or details["text"])
        return result["result"].get("value")

    def wait(self, expression, seconds=10):
        """Until the expression is true. A page that is just being left answers later."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                # An element is an answer too, and has no value of its own.
                value = self.evaluate(f"((found) => typeof found === 'object' && found !== null || found)({expression})")
            except BrowserFault as fault:
                value, said = None, str(fault)
            else:
                said = f"last value {value!r}"
            if value:
                return value
            if time.monotonic() > deadline:
                raise BrowserFault(f"not true within {seconds} s: {expression} ({said}) at {self.url}")
            time.sleep(0.05)

    def type(self, text):
        """As from a keyboard, into the field that has the focus."""
        self.call("Input.insertText", {"text": text})

    def press(self, key):
        code, text = {"Enter": (13, "\r"), "Tab": (9, "")}[key]
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", {
                "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text if kind == "keyDown" else ""})

    def go(self, url):
        # Whoever asks next must not be answered by the page that is being left.
        self.call("Page.navigate", {"url": url})

    @property
    def url(self):
        for target, url in self._browser.pages():
            if target == self.target:
                return url
        return ""

    def frames(self):
        """Addresses of the page's frames, itself first, those of other origins included."""
        found = []

        def walk(tree):
            found.append(tree["frame"]["url"])
            for child in tree.get("childFrames", []):
                walk(child)

        walk(self.call("Page.getFrameTree")["frameTree"])
        return found

    def screenshot(self, path):
        """A picture of what the window shows, as PNG."""
        picture = self.call("Page.captureScreenshot", {"format": "png"})["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture))

    def close(self):
        self._browser.call("Target.closeTarget", {"targetId": self.target})


def public_key_hash(certificate):
    """SHA-256 of the certificate's public key, in the form of Chromium's option."""
    key = subprocess.run(
        ["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], check=True, capture_output=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "der"], input=key, check=True, capture_output=True).stdout
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


def step(browser, state, line):
    word, _, rest = line.partition(" ")
    if word == "open":
        state["page"] = browser.open(rest)
        return ""
    if word == "alone":
        others = [target for target, _ in browser.pages()]
        state["page"] = browser.open(rest)
        for target in others:
            browser.call("Target.closeTarget", {"targetId": target})
        return ""
    if word == "attach":
        state["page"] = browser.attach(rest)
        return ""
    if word == "extension":
        return state.get("extension", "")
    page = state.get("page")
    if page is None:
        raise BrowserFault("no page is open")
    if word == "go":
        page.go(rest)
        return ""
    if word == "wait":
        seconds, _, expression = rest.partition(" ")
        return json.dumps(page.wait(expression, float(seconds)), ensure_ascii=False)
    if word == "eval":
        return json.dumps(page.evaluate(rest), ensure_ascii=False)
    if word == "type":
        page.type(rest)
        return ""
    if word == "press":
        page.press(rest)
        return ""
    if word == "shot":
        page.screenshot(rest)
        return rest
    if word == "url":
        return page.url
    raise BrowserFault(f"no such step: {word}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profile")
    parser.add_argument("--extension", metavar="FOLDER")
    parser.add_argument("--host", metavar="NAME=PROGRAM")
    parser.add_argument("--map", action="append", default=[], metavar="NAME=127.0.0.1:PORT")
    parser.add_argument("--certificate-of", metavar="FILE", help="a server certificate (PEM) that is taken for good")
    options = parser.parse_args()
    with Browser(options.profile, dict(entry.split("=", 1) for entry in options.map), options.certificate_of) as browser:
        state = {}
        if options.host and options.extension:
            # The worker asks for its host as soon as it runs.
            name, program = options.host.split("=", 1)
            browser.allow_host(name, program, extension_id(options.extension))
        if options.extension:
            state["extension"] = browser.load_extension(options.extension)
        print("ok", browser.version, flush=True)
        for line in sys.stdin:
            try:
                print(f"ok {step(browser, state, line.strip())}".rstrip(), flush=True)
            except (BrowserFault, KeyError, ValueError, OSError) as fault:
                print("failed " + " ".join(str(fault).split()), flush=True)


def extension_id(folder):
    """The id that Chromium gives: from the key in the manifest, or from the folder's absolute path."""
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as file:
        key = json.load(file).get("key")
    named = base64.b64decode(key) if key else os.path.abspath(folder).encode()
    return hashlib.sha256(named).hexdigest()[:32].translate(str.maketrans("0123456789abcdef", "abcdefghijklmnop"))


if __name__ == "__main__":
    main()
