"""What the browser's tests start: the sample applications, other sites, and the stand-in for the agent."""
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "deploy", "lib"))


class SampleApplication:
    """One of deploy/sample-apps on a free port of 127.0.0.1."""

    def __init__(self, name, folder, *more):
        self.command = [os.path.join(ROOT, "deploy", "sample-apps", name), "--data", folder, *more]
        self._process = None

    def start(self):
        self._process = subprocess.Popen(
            [*self.command, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.origin = self._process.stdout.readline().strip()
        assert self.origin.partition("://")[2].startswith("127.0.0.1:"), self.origin
        return self

    def add_user(self, name, password, *more):
        read, write = os.pipe()
        os.write(write, password.encode() + b"\n")
        os.close(write)
        try:
            subprocess.run(
                [*self.command, "add-user", name, "--display-name", f"職員 {name}", "--password-fd", str(read), *more],
                check=True, pass_fds=[read])
        finally:
            os.close(read)

    def stop(self):
        if self._process:
            self._process.terminate()
            self._process.wait()
            self._process.stdout.close()


class Site(http.server.ThreadingHTTPServer):
    """A site of a test: paths → HTML text, (status, headers, text), or a function of the handler; keeps what is sent to it."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), SiteHandler)
        self.pages, self.got = {}, []
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass  # a page that is left hangs up

    def posted(self, path=None):
        return [body for method, at, body in self.got if method == "POST" and path in (None, at)]


class SiteHandler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.serve("")

    def do_POST(self):
        self.serve(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode("utf-8", "replace"))

    def serve(self, body):
        path, _, query = self.path.partition("?")
        self.body = body
        self.server.got.append((self.command, path, body or query))
        page = self.server.pages.get((self.command, path)) or self.server.pages.get(path, (404, {}, "none"))
        if callable(page):
            page = page(self)
        status, headers, text = page if isinstance(page, tuple) else (200, {}, page)
        data = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


class Agent:
    """The folder of the stand-in: what it says next, and what it was asked."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.applications, self.credentials, self.session = [], {}, "open"
        self.write()

    def write(self):
        self._put("state.json", {"kind": "state", "session": self.session, "applications": self.applications})
        self._put("credentials.json", self.credentials)

    def _put(self, name, value):
        path = os.path.join(self.folder, name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(value, file)
        os.rename(path + ".new", path)

    def push(self, message):
        self._put("push", message)
        deadline = time.monotonic() + 10
        while os.path.exists(os.path.join(self.folder, "push")):
            assert time.monotonic() < deadline, "the stand-in does not run"
            time.sleep(0.02)

    def changed(self):
        self.write()
        asked = len(self.asked("state"))
        self.push({"kind": "changed"})
        self.wait(lambda: len(self.asked("state")) > asked, "the extension asks for the state")
        time.sleep(0.2)  # it has the answer, and its scripts are registered

    def end(self):
        """Ends the stand-in; the extension starts another one."""
        with open(os.path.join(self.folder, "pid"), encoding="utf-8") as file:
            os.kill(int(file.read()), signal.SIGKILL)

    def asked(self, kind, application=None):
        try:
            with open(os.path.join(self.folder, "asked.jsonl"), encoding="utf-8") as file:
                lines = [json.loads(line) for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []
        return [line for line in lines if line["kind"] == kind and application in (None, line.get("application"))]

    def outcomes(self, application):
        return [line["outcome"] for line in self.asked("outcome", application)]

    def changes(self, application):
        return [line["outcome"] for line in self.asked("changeOutcome", application)]

    def reload(self):
        """What the stand-in's small vault keeps now, after it was left to itself."""
        with open(os.path.join(self.folder, "credentials.json"), encoding="utf-8") as file:
            self.credentials = json.load(file)

    def vault(self, key):
        """What the stand-in's small vault keeps of one credential, the newest first: number, password, state."""
        with open(os.path.join(self.folder, "credentials.json"), encoding="utf-8") as file:
            return [(one["number"], one["password"], one["state"]) for one in json.load(file)[key]["versions"]]

    @staticmethod
    def wait(condition, what, seconds=10):
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not in time: {what}"
            time.sleep(0.05)


def application(identifier, origin, login_path="/login", **changes):
    """A definition as the host sends it, for an application with the forms of the sample ones."""
    return {
        "id": identifier, "nameJa": "見本", "nameEn": "Sample", "origin": origin, "loginPath": login_path, "form": "#login",
        "user": "[name=user]", "password": "[name=password]", "submit": "[name=enter]", "success": {"path": "/"},
        "failure": {"selector": "#login-failed"}, "mustChange": {"path": "/password"}, "change": None, "accounts": [""], "owners": [],
        "isPublished": True, **changes,
    }


def login_form(action="/enter", form="", more="", button=""):
    return f"""<!doctype html><title>login</title><form id="login" method="post" action="{action}" {form}>
<input name="user"><input type="password" name="password">{more}<button name="enter" value="1" {button}>enter</button></form>"""


CHANGE = {
    "path": "/password", "form": "#change", "current": "[name=current]", "new": "[name=new]", "again": "[name=again]",
    "submit": "[name=change]", "success": {"selector": "#changed"}, "failure": {"selector": "#change-failed"},
}


def change_form(action="/password", form="", more="", button=""):
    return f"""<!doctype html><title>change</title><form id="change" method="post" action="{action}" {form}>
<input type="password" name="current"><input type="password" name="new"><input type="password" name="again">{more}
<button name="change" value="1" {button}>change</button></form>"""


class PasswordSite(Site):
    """An application with one account: a sign-in, a page to change the password, and what it was sent."""

    def __init__(self, password, must_change=False):
        super().__init__()
        self.password, self.must_change, self.slow = password, must_change, 0
        self.wrong, self.attempts = 0, []
        self.pages.update({
            "/login": login_form(), ("POST", "/enter"): self.enter, "/": "<!doctype html><title>in</title><p id=person>in",
            "/password": change_form(), ("POST", "/password"): self.change,
        })

    def enter(self, handler):
        sent = fields(handler.body)["password"]
        self.attempts.append(sent)
        if sent != self.password:
            self.wrong += 1
            return 403, {}, login_form(more='<p id="login-failed">no</p>')
        return 303, {"Location": "/password" if self.must_change else "/"}, ""

    def change(self, handler):
        sent = fields(handler.body)
        if sent["current"] != self.password or sent["new"] != sent["again"] or len(sent["new"]) < 12:
            return 403, {}, change_form(more='<p id="change-failed">no</p>')
        self.password, self.must_change = sent["new"], False
        time.sleep(self.slow)
        return '<!doctype html><title>changed</title><p id="changed">changed'


def fields(body):
    return dict(urllib.parse.parse_qsl(body, keep_blank_values=True))


def other_forms(other):
    """Pages whose form is not exactly the declared one, by path; some lead to the site `other`."""
    away = other.origin + "/take"
    return {
        "action": login_form(away),
        "base": f'<base href="{other.origin}/">' + login_form("enter"),
        "shadowed": login_form(away, more='<input type="hidden" name="action" value="/enter"><input type="hidden" name="method" value="post">'),
        "shadowed-document": login_form(away, more='<img name="querySelectorAll"><img name="contentType">'),
        "button": login_form(button=f'formaction="{away}"'),
        "script": login_form("javascript:document.title"),
        "get": login_form(form="").replace('method="post"', 'method="get"'),
        "target": login_form(form='target="elsewhere"'),
        "base-target": '<base target="elsewhere">' + login_form(),
        "two-forms": login_form() + login_form(),
        "two-passwords": login_form(more='<input type="password" name="password">'),
        "field-of-another-form": login_form(more="").replace('<input type="password" name="password">', "")
        + '<form><input type="password" name="password"></form>',
        "seen-field": login_form().replace('type="password"', 'type="text"'),
        "hidden-user": login_form().replace('<input name="user">', '<input type="hidden" name="user">'),
        "fixed-user": login_form().replace('<input name="user">', '<input name="user" readonly>'),
        "no-form": login_form().replace('id="login"', 'id="other"'),
        "failed-already": login_form(more='<p id="login-failed">no</p>'),
        "sandboxed": (200, {"Content-Security-Policy": "sandbox allow-forms allow-scripts"}, login_form()),
        "not-html": (200, {"Content-Type": "application/xhtml+xml"}, '<html xmlns="http://www.w3.org/1999/xhtml">' + login_form()
                     .replace("<!doctype html>", "").replace('<input name="user">', '<input name="user"/>')
                     .replace('<input type="password" name="password">', '<input type="password" name="password"/>') + "</html>"),
    }


def other_change_forms(other):
    """The same for a form that changes a password."""
    away = other.origin + "/take"
    new = '<input type="password" name="new">'
    return {
        "change-action": change_form(away),
        "change-base": f'<base href="{other.origin}/">' + change_form("password"),
        "change-shadowed": change_form(away, more='<input type="hidden" name="action" value="/password">'),
        "change-button": change_form(button=f'formaction="{away}"'),
        "change-get": change_form().replace('method="post"', 'method="get"'),
        "change-target": change_form(form='target="elsewhere"'),
        "change-two-forms": change_form() + change_form(),
        "change-two-new": change_form(more=new),
        "change-new-elsewhere": change_form().replace(new, "") + f"<form>{new}</form>",
        "change-seen-new": change_form().replace(new, '<input type="text" name="new">'),
        "change-hidden-again": change_form().replace('type="password" name="again"', 'type="hidden" name="again"'),
        "change-fixed-new": change_form().replace(new, new.replace(">", " readonly>")),
        "change-no-again": change_form().replace('<input type="password" name="again">', ""),
        "change-failed-already": change_form(more='<p id="change-failed">no</p>'),
        "change-done-already": change_form(more='<p id="changed">yes</p>'),
        "change-sandboxed": (200, {"Content-Security-Policy": "sandbox allow-forms allow-scripts"}, change_form()),
    }
