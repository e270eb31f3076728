"""Serves one sample application: its sign-in, its password page, its log-off, and the pages that it adds itself."""
import argparse
import html
import http.cookies
import http.server
import os
import re
import ssl
import sys
import urllib.parse
from dataclasses import dataclass, field

from signin import Accounts, Refusal, Sessions, canonical

FORM_BYTES = 64 * 1024
FIELDS = 200
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
                               "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
STYLE = """
body { margin: 0; font-family: sans-serif; color: #1d2733; background: #f3f5f7; line-height: 1.6 }
header { background: #24527a; color: #fff; padding: .6rem 1.5rem; display: flex; gap: 1.5rem; align-items: baseline }
header a { color: #fff } header h1 { font-size: 1.2rem; margin: 0; flex: 1 }
main { max-width: 60rem; margin: 1.5rem auto; padding: 1rem 2rem 2rem; background: #fff; border: 1px solid #d5dbe1 }
h2 { font-size: 1.1rem; border-left: .4rem solid #24527a; padding-left: .6rem }
label { display: block; margin: .8rem 0 .2rem } input, select { font: inherit; padding: .3rem .5rem }
button { font: inherit; padding: .4rem 1.6rem; margin-top: 1rem }
table { border-collapse: collapse; width: 100% } th, td { border: 1px solid #d5dbe1; padding: .3rem .6rem; text-align: left }
td.number { text-align: right } .refused { color: #a4161a; font-weight: bold } .done { color: #1b6e3c; font-weight: bold }
"""


@dataclass
class Answer:
    body: bytes = b""
    status: int = 200
    headers: dict = field(default_factory=dict)


@dataclass
class Upload:
    name: str
    content: bytes


@dataclass
class Asked:
    """One request: its form (already held against the session's token), its upload if it has one, its session."""
    method: str
    path: str
    form: dict
    uploads: dict
    session: object

    @property
    def person(self):
        return self.session.person


class BadRequest(Exception):
    def __init__(self, sentence, status=400):
        super().__init__(sentence)
        self.sentence, self.status = sentence, status


def escape(value):
    return html.escape(str(value))


def redirect(path):
    return Answer(status=303, headers={"Location": path})


class Application:
    """Subclasses add pages to `routes`: (method, path pattern) → function of Asked and the pattern's groups → Answer."""
    identifier = ""
    title = ""
    upload_bytes = 0

    def __init__(self, folder):
        self.accounts = Accounts(folder)
        self.sessions = Sessions()
        self.routes = [("GET", "/password", self.password_page), ("POST", "/password", self.change_password)]

    @property
    def subtitle(self):
        return ""

    # --- what every page looks like

    def page(self, asked, title, body, status=200):
        who = ""
        if asked.person:
            who = (f'<span id="person">{escape(asked.person.display)}</span> <a href="/password">パスワード変更</a> '
                   '<a href="/logoff">ログオフ</a>')
        text = f"""<!doctype html>
<html lang="ja"><head><meta charset="utf-8"><title>{escape(title)}｜{escape(self.title)}</title>
<link rel="stylesheet" href="/style.css"></head>
<body><header><h1>{escape(self.title)}{escape(self.subtitle)}</h1>{who}</header>
<main><h2>{escape(title)}</h2>
{body}
</main></body></html>
"""
        return Answer(text.encode(), status, {"Content-Type": "text/html; charset=utf-8"})

    def token(self, asked):
        return f'<input type="hidden" name="csrf" value="{asked.session.csrf}">'

    # --- sign-in, password, log-off

    def login_page(self, asked, sentence=None):
        failed = f'<p id="login-failed" class="refused">{escape(sentence)}</p>' if sentence else ""
        return self.page(asked, "ログイン", f"""{failed}
<form id="login" method="post" action="/login">{self.token(asked)}
<label for="user">利用者名</label><input id="user" name="user" autocomplete="username" required maxlength="64">
<label for="password">パスワード</label><input id="password" type="password" name="password" autocomplete="current-password" required maxlength="128">
<p><button name="enter" value="1">ログイン</button></p></form>""", 403 if sentence else 200)

    def sign_in(self, asked):
        found = self.accounts.sign_in(asked.form.get("user", ""), asked.form.get("password", "")[:256])
        if isinstance(found, Refusal):
            return self.login_page(asked, found.sentence)
        asked.session = self.sessions.open(found, replacing=asked.session)
        return redirect("/password" if found.must_change else "/")

    def password_page(self, asked, refusal=None):
        first = "<p>はじめにパスワードを変更してください。変更するまで、ほかの画面は使えません。</p>" if asked.person.must_change else ""
        failed = f'<p id="change-failed" class="refused">{escape(refusal.sentence)}</p>' if refusal else ""
        return self.page(asked, "パスワードの変更", f"""{first}{failed}
<form id="change" method="post" action="/password">{self.token(asked)}
<label for="current">現在のパスワード</label><input id="current" type="password" name="current" autocomplete="current-password" required maxlength="128">
<label for="new">新しいパスワード</label><input id="new" type="password" name="new" autocomplete="new-password" required maxlength="128">
<label for="again">新しいパスワード（確認）</label><input id="again" type="password" name="again" autocomplete="new-password" required maxlength="128">
<p><button name="change" value="1">変更する</button></p></form>""", 403 if refusal else 200)

    def change_password(self, asked):
        person, form = asked.person, asked.form
        refusal = self.accounts.change(
            person, *(form.get(name, "")[:256] for name in ("current", "new", "again")))
        if refusal:
            return self.password_page(asked, refusal)
        person.must_change = False
        self.sessions.end_all(person.name)
        asked.session = self.sessions.open(person)
        return self.page(
            asked, "パスワードの変更", '<p id="changed" class="done">パスワードを変更しました。</p><p><a href="/">はじめの画面へ</a></p>')

    def logoff(self, asked):
        if asked.method == "GET":
            if not asked.person:
                return redirect("/login")
            return self.page(asked, "ログオフ", f"""<p>ログオフします。よろしいですか。</p>
<form id="logoff" method="post" action="/logoff">{self.token(asked)}<button name="end" value="1">ログオフ</button></form>""")
        self.sessions.end(asked.session)
        asked.session = self.sessions.open()
        return self.page(asked, "ログオフ", '<p id="logged-off">ログオフしました。</p><p><a href="/login">ログイン画面へ</a></p>')

    # --- which page answers

    def answer(self, asked):
        if asked.path == "/login":
            if asked.method == "POST":
                return self.sign_in(asked)
            return redirect("/") if asked.person else self.login_page(asked)
        if asked.path == "/logoff":
            return self.logoff(asked)
        if not asked.person:
            return redirect("/login")
        if asked.person.must_change and asked.path != "/password":
            return redirect("/password")
        for method, pattern, function in self.routes:
            match = re.fullmatch(pattern, asked.path)
            if match and method == asked.method:
                return function(asked, *match.groups())
        return self.page(asked, "見つかりません", "<p>この画面はありません。</p>", 404)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "sample", ""
    timeout = 30

    def setup(self):
        # TLS is agreed upon here, on the connection's own thread: whoever is slow keeps nobody else waiting.
        if isinstance(self.request, ssl.SSLSocket):
            self.request.settimeout(self.timeout)
            self.request.do_handshake()
        super().setup()

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, TimeoutError, ssl.SSLError):
            self.close_connection = True

    def do_GET(self):
        self.serve()

    def do_POST(self):
        self.serve()

    def serve(self):
        application = self.server.application
        path = urllib.parse.urlsplit(self.path).path
        if self.command == "GET" and path == "/style.css":
            return self.reply(Answer(STYLE.encode(), headers={"Content-Type": "text/css"}), None)
        session = application.sessions.find(self.cookie()) or application.sessions.open()
        asked = Asked(self.command, path, {}, {}, session)
        try:
            if self.command == "POST":
                asked.form, asked.uploads = self.read_form()
                # A form that another site made, or one of an ended session.
                if asked.form.get("csrf") != session.csrf:
                    raise BadRequest("画面の有効期限が切れました。はじめの画面からやり直してください。", 403)
            answer = application.answer(asked)
        except BadRequest as bad:
            answer = application.page(
                asked, "受け付けられません", f'<p class="refused">{escape(bad.sentence)}</p><p><a href="/">はじめの画面へ</a></p>',
                bad.status)
        self.reply(answer, asked.session)

    def cookie(self):
        try:
            found = http.cookies.SimpleCookie(self.headers.get("Cookie", "")).get(self.cookie_name)
        except http.cookies.CookieError:
            return ""
        return found.value if found else ""

    @property
    def cookie_name(self):
        # Cookies know no ports: two applications at one address need two names.
        return f"{self.server.application.identifier}-session"

    def reply(self, answer, session):
        self.send_response(answer.status)
        for name, value in {**HEADERS, **answer.headers}.items():
            self.send_header(name, value)
        if session:
            secure = "; Secure" if self.server.is_secure else ""
            self.send_header("Set-Cookie", f"{self.cookie_name}={session.key}; Path=/; HttpOnly; SameSite=Lax{secure}")
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def read_form(self):
        """The fields and uploads of the body. Whatever is not read to its end also ends the connection."""
        kind, _, options = self.headers.get("Content-Type", "").partition(";")
        limit = FORM_BYTES
        if kind == "multipart/form-data":
            limit += self.server.application.upload_bytes
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"[0-9]{1,9}", length) or int(length) > limit:
            self.close_connection = True
            raise BadRequest("送られたものが大きすぎます。", 413)
        body = self.rfile.read(int(length))
        if kind == "multipart/form-data":
            return parts_of(body, options)
        if kind != "application/x-www-form-urlencoded":
            raise BadRequest("フォームではありません。")
        try:
            pairs = urllib.parse.parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELDS, errors="strict")
        except (UnicodeDecodeError, ValueError):
            raise BadRequest("フォームを読めません。") from None
        return dict(pairs), {}

    def log_message(self, format, *arguments):
        # The path only: what a query or a form holds is nobody's business.
        status = arguments[1] if len(arguments) > 1 and self.command else "-"
        sys.stderr.write(f"{self.log_date_time_string()} {self.command} {urllib.parse.urlsplit(self.path).path} {status}\n" if
                         getattr(self, "path", None) else f"{self.log_date_time_string()} malformed request\n")


def parts_of(body, options):
    """multipart/form-data (RFC 7578): fields and files."""
    boundary = re.search(r'boundary="?([A-Za-z0-9\'()+_,./:=? -]{1,70})"?', options)
    if not boundary:
        raise BadRequest("フォームを読めません。")
    line = b"--" + boundary[1].encode()
    pieces = (b"\r\n" + body).split(b"\r\n" + line)
    if len(pieces) > FIELDS or not pieces[-1].startswith(b"--"):
        raise BadRequest("フォームを読めません。")
    fields, uploads = {}, {}
    for piece in pieces[1:-1]:
        head, found, content = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        text = head.decode("utf-8", "replace")
        name = re.search(r'(?i)^content-disposition: *form-data;.*?\bname="([^"]*)"', text, re.MULTILINE)
        if not found or not name:
            raise BadRequest("フォームを読めません。")
        file = re.search(r'(?i); *filename="([^"]*)"', text)
        if file:
            uploads[name[1]] = Upload(file[1], content)
        else:
            fields[name[1]] = content.decode("utf-8", "replace")
    return fields, uploads


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        kind = sys.exc_info()[0]
        sys.stderr.write(f"a request ended with {kind.__name__ if kind else 'an error'}\n")


def read_password(descriptor):
    """One line from an open descriptor: arguments and the environment can be seen by others."""
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        line = file.readline(1024).rstrip(b"\r\n").decode("utf-8")
    if not 1 <= len(line) <= 128:
        raise SystemExit("パスワードは 1 文字から 128 文字までです / a password has 1 to 128 characters")
    return line


def main(make, description, options=()):
    """`make(arguments)` gives the Application; `options` are further (flag, settings) of its command line."""
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    parser.add_argument("--data", required=True, metavar="FOLDER", help="データの置き場所 / the application's folder")
    for flag, settings in options:
        parser.add_argument(flag, **settings)
    parser.add_argument("--port", type=int, default=0, help="127.0.0.1 の待ち受け（0 なら空き番号） / port on 127.0.0.1, 0 for a free one")
    parser.add_argument("--certificate", metavar="PEM", help="TLS で待ち受ける / serve over TLS with this chain")
    parser.add_argument("--key", metavar="PEM", help="その秘密鍵 / and its key")
    commands = parser.add_subparsers(dest="command")
    add = commands.add_parser(
        "add-user", help="利用者を加える・パスワードを設定し直す / add a user, or set the password of one anew")
    add.add_argument("name")
    add.add_argument("--display-name", required=True)
    add.add_argument("--password-fd", type=int, required=True, help="パスワードを読む記述子 / read the password from this descriptor")
    add.add_argument("--must-change", action="store_true", help="最初のログインで変更させる / to be changed at the first sign-in")
    arguments = parser.parse_args()
    application = make(arguments)
    if arguments.command == "add-user":
        name = canonical(arguments.name)
        if not name:
            parser.error("name")
        application.accounts.set(name, arguments.display_name[:64], read_password(arguments.password_fd), arguments.must_change)
        return
    server = Server(("127.0.0.1", arguments.port), Handler)
    server.application = application
    server.is_secure = bool(arguments.certificate)
    if server.is_secure:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(arguments.certificate, arguments.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    print(f"{'https' if server.is_secure else 'http'}://127.0.0.1:{server.server_address[1]}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass
