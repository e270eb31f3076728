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
        "failure": {"selector": "#login-failed"}, "mustChange": {"path": "/password"}, "change": None, "accounts": [""], **changes,
    }


def login_form(action="/enter", form="", more="", button=""):
    return f"""<!doctype html><title>login</title><form id="login" method="post" action="{action}" {form}>
<input name="user"><input type="password" name="password">{more}<button name="enter" value="1" {button}>enter</button></form>"""


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
