#!/usr/bin/env python3
"""The sample applications as an older browser sees them: forms, cookies, refusals."""
import http.client
import os
import re
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse
import zlib

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import ROOT, SampleApplication  # noqa: E402

sys.path.insert(0, os.path.join(ROOT, "deploy", "sample-apps"))
import cleaning  # noqa: E402

PASSWORD = "Right-password-1"


class Visitor:
    """Keeps cookies and the last page; follows nothing by itself."""

    def __init__(self, origin):
        self.host = origin.removeprefix("http://")
        self.cookies, self.text, self.location, self.headers = {}, "", None, {}

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.host, timeout=30)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        connection.request(method, path, body, {**({"Cookie": cookie} if cookie else {}), **(headers or {})})
        response = connection.getresponse()
        self.body = response.read()
        self.headers = dict(response.getheaders())
        self.text = self.body.decode("utf-8", "replace")
        self.location = response.getheader("Location")
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
            self.flags = line
        connection.close()
        return response.status

    def get(self, path):
        return self.ask("GET", path)

    @property
    def csrf(self):
        return re.search(r'name="csrf" value="([^"]+)"', self.text)[1]

    def post(self, path, csrf=None, **form):
        if csrf is None:
            form["csrf"] = self.csrf
        elif csrf:
            form["csrf"] = csrf
        return self.ask("POST", path, urllib.parse.urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})

    def sign_in(self, user, password=PASSWORD):
        self.get("/login")
        return self.post("/login", user=user, password=password, enter="1")

    def upload(self, name, content):
        body = (f'--xyz\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{self.csrf}\r\n--xyz\r\nContent-Disposition: form-data; '
                f'name="file"; filename="{name}"\r\nContent-Type: image/png\r\n\r\n').encode() + content + b"\r\n--xyz--\r\n"
        return self.ask("POST", "/files", body, {"Content-Type": "multipart/form-data; boundary=xyz"})


class SampleAppTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sanmon-apps-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.ledger = SampleApplication("ledger", os.path.join(cls.folder.name, "ledger")).start()
        cls.addClassCleanup(cls.ledger.stop)
        shared = os.path.join(cls.folder.name, "sanitiser")
        cls.outside = SampleApplication("sanitiser", shared, "--segment", "internet").start()
        cls.addClassCleanup(cls.outside.stop)
        cls.inside = SampleApplication("sanitiser", shared, "--segment", "lgwan").start()
        cls.addClassCleanup(cls.inside.stop)
        for name in ("hanako", "jiro"):
            cls.ledger.add_user(name, PASSWORD)
            cls.outside.add_user(name, PASSWORD)

    def visitor(self, user=None, application=None):
        found = Visitor((application or self.ledger).origin)
        if user:
            self.assertEqual((found.sign_in(user), found.location), (303, "/"))
            found.get("/")
        return found

    # --- sign-in

    def test_nothing_is_shown_before_a_sign_in(self):
        visitor = self.visitor()
        for path in ("/", "/slips/new", "/slips/1", "/password", "/files/1", "/nothing"):
            self.assertEqual((visitor.get(path), visitor.location), (303, "/login"), path)
        visitor.get("/login")
        self.assertEqual((visitor.post("/slips", subject="x"), visitor.location), (303, "/login"))
        for flag in ("HttpOnly", "SameSite=Lax", "Path=/"):
            self.assertIn(flag, visitor.flags)
        self.assertIn("frame-ancestors 'none'", visitor.headers["Content-Security-Policy"])

    def test_the_form_is_as_declared(self):
        visitor = self.visitor()
        visitor.get("/login")
        self.assertIn('<form id="login" method="post" action="/login">', visitor.text)
        for name in ("user", "password", "csrf", "enter"):
            self.assertEqual(visitor.text.count(f'name="{name}"'), 1, name)

    def test_a_right_password_opens_a_session_with_a_new_key(self):
        visitor = self.visitor()
        visitor.get("/login")
        before = dict(visitor.cookies)
        visitor.post("/login", user="ＨＡＮＡＫＯ", password=PASSWORD)
        self.assertEqual(visitor.location, "/")
        self.assertNotEqual(visitor.cookies, before)
        visitor.get("/")
        self.assertIn("職員 hanako", visitor.text)
        # The key from before the sign-in is worth nothing.
        other = self.visitor()
        other.cookies = before
        self.assertEqual((other.get("/"), other.location), (303, "/login"))

    def test_five_wrong_passwords_lock_even_the_right_one_out(self):
        self.ledger.add_user("locked", PASSWORD)
        for name in ("locked", "nobody-at-all"):
            visitor = self.visitor()
            for left in (4, 3, 2, 1):
                self.assertEqual(visitor.sign_in(name, "wrong"), 403)
                self.assertIn('id="login-failed"', visitor.text)
                self.assertIn(f"あと {left} 回", visitor.text)
            visitor.sign_in(name, "wrong")
            self.assertEqual(visitor.sign_in(name), 403)
            self.assertIn("までログインできません", visitor.text)
        self.assertEqual(self.visitor().sign_in("hanako"), 303)  # nobody else's business
        # The time of the lock is over.
        with sqlite3.connect(os.path.join(self.folder.name, "ledger", "application.sqlite")) as database:
            database.execute("UPDATE attempt SET locked_until = ? WHERE name = 'locked'", (int(time.time()) - 1,))
        self.assertEqual(self.visitor().sign_in("locked"), 303)

    def test_many_guesses_at_once_are_no_more_than_five(self):
        self.ledger.add_user("raced", PASSWORD)
        wrong = []

        def guess():
            visitor = self.visitor()
            visitor.sign_in("raced", "wrong")
            wrong.append("利用者名またはパスワードが違います" in visitor.text)

        threads = [threading.Thread(target=guess) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((len(wrong), sum(wrong)), (16, 5))

    def test_an_administrator_unlocks_by_a_new_password(self):
        self.ledger.add_user("reset", PASSWORD)
        for _ in range(5):
            self.visitor().sign_in("reset", "wrong")
        self.ledger.add_user("reset", PASSWORD + "2", "--must-change")
        visitor = self.visitor()
        self.assertEqual((visitor.sign_in("reset", PASSWORD + "2"), visitor.location), (303, "/password"))

    def test_forms_of_others_are_not_taken(self):
        visitor = self.visitor()
        visitor.get("/login")
        for csrf in (False, "x", self.visitor_token()):
            self.assertEqual(visitor.post("/login", csrf=csrf or "", user="hanako", password=PASSWORD), 403)
            self.assertNotIn('id="login-failed"', visitor.text)
        signed_in = self.visitor("hanako")
        for path in ("/slips", "/password", "/logoff", "/slips/1/approve"):
            self.assertEqual(signed_in.post(path, csrf="x"), 403)
        self.assertEqual(signed_in.get("/"), 200)

    def visitor_token(self):
        other = self.visitor()
        other.get("/login")
        return other.csrf

    def test_bodies_that_are_no_forms_are_refused(self):
        visitor = self.visitor()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        self.assertEqual(visitor.ask("POST", "/login", b"x" * 70_000, kind), 413)
        self.assertEqual(visitor.ask("POST", "/login", b"{}", {"Content-Type": "application/json"}), 400)
        self.assertEqual(visitor.ask("POST", "/login", b"\xff=%", kind), 400)
        self.assertEqual(visitor.ask("POST", "/login", b"a=1&" * 300, kind), 400)
        multipart = {"Content-Type": "multipart/form-data; boundary=xyz"}
        for body in (b"", b"--xyz\r\n", b"--xyz\r\nContent-Disposition: form-data\r\n\r\nx\r\n--xyz--"):
            self.assertEqual(visitor.ask("POST", "/login", body, multipart), 400)

    # --- password, log-off

    def test_a_password_is_changed_and_other_sessions_end(self):
        self.ledger.add_user("saburo", PASSWORD, "--must-change")
        visitor, other = self.visitor(), self.visitor()
        for one in (visitor, other):
            self.assertEqual((one.sign_in("saburo"), one.location), (303, "/password"))
            self.assertEqual((one.get("/slips/new"), one.location), (303, "/password"))
        visitor.get("/password")
        self.assertIn('<form id="change"', visitor.text)
        new = "Another-password-2"
        for current, first, again in [
            ("wrong", new, new), (PASSWORD, new, new + "x"), (PASSWORD, "Short-1", "Short-1"), (PASSWORD, PASSWORD, PASSWORD),
            (PASSWORD, "onlylowercase-", "onlylowercase-"), (PASSWORD, "Saburo-password-1", "Saburo-password-1"),
            (PASSWORD, "パスワード-Password-1", "パスワード-Password-1"), (PASSWORD, "A1-" + "a" * 70, "A1-" + "a" * 70),
        ]:
            self.assertEqual(visitor.post("/password", current=current, new=first, again=again, change="1"), 403)
            self.assertIn('id="change-failed"', visitor.text)
        self.assertEqual(visitor.post("/password", current=PASSWORD, new=new, again=new, change="1"), 200)
        self.assertIn('id="changed"', visitor.text)
        self.assertEqual(visitor.get("/"), 200)
        self.assertEqual((other.get("/"), other.location), (303, "/login"))
        self.assertEqual(self.visitor().sign_in("saburo"), 403)
        last = self.visitor()
        self.assertEqual((last.sign_in("saburo", new), last.location), (303, "/"))

    def test_log_off_ends_the_session(self):
        visitor = self.visitor("hanako")
        cookies = dict(visitor.cookies)
        visitor.get("/logoff")
        self.assertEqual(visitor.get("/"), 200)  # asking is not ending
        visitor.get("/logoff")
        self.assertEqual(visitor.post("/logoff", end="1"), 200)
        visitor.cookies = cookies
        self.assertEqual((visitor.get("/"), visitor.location), (303, "/login"))

    def test_passwords_are_nowhere_in_the_folder(self):
        for place, _, names in os.walk(self.folder.name):
            for name in names:
                with open(os.path.join(place, name), "rb") as file:
                    self.assertNotIn(PASSWORD.encode(), file.read(), name)

    def test_a_password_of_nothing_is_not_set(self):
        for text in ("", "x" * 129):
            with self.assertRaises(subprocess.CalledProcessError):
                self.ledger.add_user("empty", text)
        self.assertEqual(self.visitor().sign_in("empty", "x" * 129), 403)

    # --- the ledger

    def test_a_slip_is_written_added_up_and_approved_by_somebody_else(self):
        author, other = self.visitor("hanako"), self.visitor("jiro")
        author.get("/slips/new")
        author.post("/slips", subject="<b>事務用品</b>", payee="山田商店", item0="用紙", count0="10", price0="3,200", item2="鉛筆", count2="24", price2="80")
        slip = author.location
        self.assertRegex(slip, r"^/slips/[0-9]+$")
        author.get(slip)
        self.assertIn('id="total">33,920<', author.text)
        self.assertIn("&lt;b&gt;事務用品&lt;/b&gt;", author.text)
        self.assertNotIn('id="approve"', author.text)
        author.get("/slips/new")
        self.assertEqual(author.post(slip + "/approve"), 403)
        other.get(slip)
        self.assertEqual((other.post(slip + "/approve"), other.location), (303, slip))
        other.get(slip)
        self.assertIn('id="approved" class="done">承認済み（職員 jiro）', other.text)
        other.get("/slips/new")
        self.assertEqual(other.post(slip + "/approve"), 403)
        other.get("/")
        self.assertIn("33,920", other.text)

    def test_a_slip_that_does_not_add_up_is_not_written(self):
        visitor = self.visitor("hanako")
        good = {"subject": "s", "payee": "p", "item0": "i", "count0": "1", "price0": "1"}
        for wrong in [{"subject": ""}, {"payee": " "}, {"item0": ""}, {"count0": "0"}, {"price0": "-1"}, {"price0": "1.5"}, {"count0": "²"},
                      {"price0": "9" * 30}, {"item0": "", "count0": "", "price0": ""}]:
            visitor.get("/slips/new")
            self.assertEqual(visitor.post("/slips", **{**good, **wrong}), 400, wrong)
            self.assertIn('id="slip-failed"', visitor.text)
        self.assertEqual(visitor.get("/slips/999999999"), 404)

    # --- the sanitiser

    def test_a_file_goes_in_outside_and_its_copy_comes_out_inside(self):
        outside, inside = self.visitor("hanako", self.outside), self.visitor("hanako", self.inside)
        self.assertEqual((outside.upload("予算 案.png", picture(b"tEXtComment\0secret")), outside.location), (303, "/"))
        outside.get("/")
        self.assertIn("予算 案.png", outside.text)
        self.assertNotIn('href="/files/', outside.text)
        inside.get("/")
        link = re.search(r'href="(/files/[0-9]+)"', inside.text)[1]
        self.assertEqual(inside.get(link), 200)
        self.assertEqual((inside.headers["Content-Type"], inside.body), ("image/png", picture()))
        self.assertIn("attachment", inside.headers["Content-Disposition"])
        # Neither from the other side, nor by somebody else.
        self.assertEqual(outside.get(link), 404)
        self.assertEqual(self.visitor("jiro", self.inside).get(link), 404)
        # Files do not go in on this side.
        inside.get("/logoff")
        self.assertEqual(inside.upload("a.txt", b"x"), 404)

    def test_a_file_that_cannot_be_cleaned_is_named_with_the_reason(self):
        visitor = self.visitor("hanako", self.outside)
        self.assertEqual(visitor.upload("macro.xlsm", b"PK\3\4"), 400)
        self.assertIn("この種類のファイルは無害化できません", visitor.text)
        self.assertEqual(visitor.upload("../../etc/<x>.txt", "一行\r\n".encode("cp932")), 303)
        visitor.get("/")
        self.assertIn("<td>&lt;x&gt;.txt</td>", visitor.text)

    def test_cleaning(self):
        clean, refused = cleaning.clean, self.assertRaises
        self.assertEqual(clean("a.TXT", "あ\x07\u202eい".encode())[0], "あい".encode())
        self.assertEqual(
            clean("a.csv", '=1+1,"a,b",-3.5,+81-3,@x,"＝x"\r\n'.encode())[0],
            "\ufeff'=1+1,\"a,b\",-3.5,'+81-3,'@x,'＝x\r\n".encode())
        for name, content in [
            ("a.png", b"GIF89a"), ("a.png", picture()[:-1]), ("a.png", picture()[:60]), ("a.png", picture().replace(b"IDAT", b"IDAU")),
            ("a.png", picture(b"ABCDcritical")), ("a.txt", b"MZ\x90\0"), ("a.csv", b'"open'), ("a.pdf", b"%PDF-1.7"), ("png", picture()),
            ("a.txt", b"\x81"), ("a.csv", b"a," * 200_001), ("a.txt", b"x" * (cleaning.UPLOAD_BYTES + 1)),
            ("a.png", picture(rows=[b"\5" + b"\0" * 6] * 2)), ("a.png", picture(rows=[b"\0" * 7])), ("a.png", picture(rows=[b"\0" * 7] * 3)),
            ("a.png", picture(size=(1 << 31 - 1, 1 << 31 - 1))), ("a.png", picture(interlace=1)),
        ]:
            with self.subTest(name=name, content=content[:40]), refused(cleaning.Refused):
                clean(name, content)
        # Behind the end, and in parts that only tell something, nothing is carried over.
        self.assertEqual(clean("a.png", picture(b"eXIfgps") + b"<script>")[0], picture())


def picture(extra=b"", rows=None, size=(2, 2), interlace=0):
    """A small PNG; `extra` is the type and data of one more chunk."""
    def chunk(data):
        return struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    pixels = b"".join(rows or [b"\0" + b"\1\2\3" * 2] * 2)
    head = chunk(b"IHDR" + struct.pack(">IIBBBBB", *size, 8, 2, 0, 0, interlace))
    return b"".join([b"\x89PNG\r\n\x1a\n", head, chunk(extra) if extra else b"", chunk(b"IDAT" + zlib.compress(pixels, 6)), chunk(b"IEND")])


if __name__ == "__main__":
    unittest.main()
