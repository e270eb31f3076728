#!/usr/bin/env python3
"""The extension in a real Chromium, on the sample applications and on pages that mean it no good."""
import json
import os
import sqlite3
import subprocess
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import ROOT, Agent, SampleApplication, Site, application, fields, login_form, other_forms  # noqa: E402
from browser import Browser  # noqa: E402
from browser_case import EXTENSION, STILL, BrowserCase  # noqa: E402

FILLED = "['user', 'password'].some((name) => [...document.getElementsByName(name)].some((field) => field.value !== ''))"


class ExtensionTest(BrowserCase):
    def untouched(self, page, identifier):
        """Nothing is asked for and nothing stands in the page's fields."""
        page.wait("document.readyState === 'complete'")
        time.sleep(STILL)
        self.assertFalse(page.evaluate(FILLED))
        self.assertEqual(self.agent.asked("release", identifier), [])

    # --- signing in

    def test_signs_in_to_both_applications(self):
        for name, sample, title in [("ledger", self.ledger, "伝票の一覧"), ("sanitiser", self.sanitiser, "ファイルの一覧")]:
            password = self.canary() + "aA1"
            sample.add_user("hanako", password)
            self.offer(application(name, sample.origin), password)
            self.agent.changed()
            page = self.browser.open(sample.origin + "/")
            page.wait(f"document.querySelector('h2')?.textContent === '{title}'")
            self.assertEqual(page.evaluate("document.querySelector('#person').textContent"), "職員 hanako")
            Agent.wait(lambda: self.agent.outcomes(name) == ["accepted"], "the outcome is reported")
            self.assertEqual([asked["origin"] for asked in self.agent.asked("release", name)], [sample.origin])

    def test_signs_in_over_tls_at_the_origin_of_the_shipped_definition(self):
        certificate, key = self.path("tls.pem"), self.path("tls.key")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=ledger", "-addext", "subjectAltName=DNS:ledger.sanmon.example", "-keyout", key, "-out", certificate],
            check=True, capture_output=True)
        sample = SampleApplication("ledger", self.path("ledger-tls"), "--certificate", certificate, "--key", key).start()
        self.addCleanup(sample.stop)
        password = self.canary() + "aA1"
        sample.add_user("hanako", password)
        origin = "https://ledger.sanmon.example"
        agent = Agent(self.path("agent-tls"))
        agent.applications = [application("ledger", origin)]
        agent.credentials["ledger/"] = ["hanako", password]
        agent.write()
        os.environ["SANMON_STUB"] = agent.folder
        self.addCleanup(os.environ.__setitem__, "SANMON_STUB", self.agent.folder)
        maps = {"ledger.sanmon.example": sample.origin.removeprefix("https://")}
        with Browser(self.path("profile-tls"), maps, certificate) as browser:
            browser.allow_host("jp.sanmon.agent", os.path.join(ROOT, "Tests", "Browser", "agent_stub.py"), self.extension)
            browser.load_extension(EXTENSION)
            page = browser.open(origin + "/")
            self.assertEqual(page.wait("document.getElementById('person')?.textContent"), "職員 hanako")
            Agent.wait(lambda: agent.outcomes("ledger") == ["accepted"], "the outcome is reported")
            picture = self.path("ledger.png")
            page.screenshot(picture)
            self.assertGreater(os.path.getsize(picture), 5000)

    def test_a_wrong_stored_password_is_tried_once_until_the_host_says_so(self):
        self.ledger.add_user("jiro", "Right-password-1")
        wrong = self.canary()
        self.offer(application("ledger", self.ledger.origin), wrong, user="jiro")
        self.agent.changed()
        page = self.browser.open(self.ledger.origin + "/")
        page.wait("document.getElementById('login-failed')")
        Agent.wait(lambda: self.agent.outcomes("ledger") == ["refused"], "the refusal is reported")
        for _ in range(3):
            page.go(self.ledger.origin + "/login")
            time.sleep(0.5)
        other = self.browser.open(self.ledger.origin + "/login")
        other.wait("document.getElementById('login')")
        time.sleep(STILL)
        self.assertFalse(other.evaluate(FILLED))
        self.assertEqual(len(self.agent.asked("release")), 1)
        with sqlite3.connect(self.path("ledger/application.sqlite")) as database:
            self.assertEqual(database.execute("SELECT wrong FROM attempt WHERE name = 'jiro'").fetchall(), [(1,)])
        # Registered anew: the page that waits is signed in.
        page.close()
        self.offer(application("ledger", self.ledger.origin), "Right-password-1", user="jiro")
        self.agent.changed()
        other.wait("document.getElementById('person')")
        Agent.wait(lambda: self.agent.outcomes("ledger") == ["refused", "accepted"], "the new outcome")

    def test_a_password_that_must_be_changed(self):
        password = self.canary() + "aA1"
        self.ledger.add_user("saburo", password, "--must-change")
        self.offer(application("ledger", self.ledger.origin), password, user="saburo")
        self.agent.changed()
        page = self.browser.open(self.ledger.origin + "/")
        page.wait("document.getElementById('change')")
        Agent.wait(lambda: self.agent.outcomes("ledger") == ["mustChange"], "the outcome is reported")

    def test_the_form_again_without_a_sign_is_not_a_reason_to_try_again(self):
        site = Site()
        site.pages["/login"] = login_form("/login")
        self.offer(application("quiet", site.origin), self.canary())
        self.agent.changed()
        page = self.browser.open(site.origin + "/login")
        Agent.wait(lambda: site.posted(), "the one try")
        for _ in range(2):
            time.sleep(0.5)
            page.go(site.origin + "/login")
        time.sleep(STILL)
        self.assertEqual(len(site.posted()), 1)
        self.assertEqual(self.agent.outcomes("quiet"), [])

    def test_two_accounts_by_the_persons_choice(self):
        first, second = self.canary() + "aA1", self.canary() + "aA1"
        self.ledger.add_user("shiro", first)
        self.ledger.add_user("shiro-kanri", second)
        definition = application("ledger", self.ledger.origin, accounts=["", "kanri"], nameJa="伝票起票")
        self.offer(definition, first, user="shiro")
        self.offer(definition, second, user="shiro-kanri", account="kanri")
        self.agent.changed()
        popup = self.browser.open(f"chrome-extension://{self.extension}/popup.html")
        popup.wait("document.body.dataset.session === 'open'")
        self.assertIn("伝票起票", popup.evaluate("document.body.innerText"))
        self.assertIn("ログオン中です", popup.evaluate("document.body.innerText"))
        popup.evaluate("[...document.querySelectorAll('button')].find((one) => one.textContent.includes('kanri')).click()")
        Agent.wait(lambda: self.agent.outcomes("ledger") == ["accepted"], "signed in")
        self.assertEqual([asked["account"] for asked in self.agent.asked("release")], ["kanri"])
        page = self.browser.open(self.ledger.origin + "/")
        self.assertEqual(page.wait("document.getElementById('person')?.textContent"), "職員 shiro-kanri")

    def test_what_the_host_does_not_hand_out_is_said_to_the_person(self):
        self.agent.applications = [application("ledger", self.ledger.origin)]
        self.agent.changed()
        page = self.browser.open(self.ledger.origin + "/login")
        Agent.wait(lambda: self.agent.asked("release"), "asked")
        popup = self.browser.open(f"chrome-extension://{self.extension}/popup.html")
        popup.wait("document.body.innerText.includes('このパスワードは渡せません。')")
        self.assertFalse(page.evaluate(FILLED))

    # --- lock, unlock, end

    def test_locked_refuses_at_once_and_unlocked_goes_on(self):
        password = self.canary() + "aA1"
        self.ledger.add_user("goro", password)
        self.offer(application("ledger", self.ledger.origin), password, user="goro")
        self.agent.changed()
        self.agent.session = "locked"
        self.agent.write()
        self.agent.push({"kind": "locked"})
        page = self.browser.open(self.ledger.origin + "/login")
        self.untouched(page, "ledger")
        popup = self.browser.open(f"chrome-extension://{self.extension}/popup.html")
        self.assertTrue(popup.wait("document.body.innerText.includes('ロック中です')"))
        popup.close()
        self.agent.session = "open"
        self.agent.changed()
        page.wait("document.getElementById('person')")

    def test_a_credential_that_comes_after_the_lock_is_thrown_away(self):
        site = Site()
        site.pages["/login"] = login_form()
        self.offer(application("late", site.origin), self.canary())
        self.agent.credentials["delay"] = 1.5
        self.agent.changed()
        page = self.browser.open(site.origin + "/login")
        Agent.wait(lambda: self.agent.asked("release"), "asked")
        self.agent.push({"kind": "locked"})
        time.sleep(STILL + 1.5)
        self.assertFalse(page.evaluate(FILLED))
        self.assertEqual(site.posted(), [])

    def test_the_end_of_the_session_ends_what_was_signed_in_to(self):
        password = self.canary() + "aA1"
        self.ledger.add_user("rokuro", password)
        self.offer(application("ledger", self.ledger.origin), password, user="rokuro")
        unused = Site()
        self.agent.changed()
        page = self.browser.open(self.ledger.origin + "/")
        page.wait("document.getElementById('person')")
        Agent.wait(lambda: self.agent.outcomes("ledger") == ["accepted"], "signed in")
        self.agent.session, self.agent.applications = "none", []
        self.agent.write()
        self.agent.push({"kind": "ended", "logoff": [
            {"origin": self.ledger.origin, "path": "/logoff"}, {"origin": unused.origin, "path": "/logoff"}]})

        def is_over():
            page.go(self.ledger.origin + "/slips/new")
            time.sleep(0.3)
            return page.url.endswith("/login")

        Agent.wait(is_over, "the ledger's session is over")
        Agent.wait(lambda: not any(url.endswith("/logoff") for _, url in self.browser.pages()), "its tab is closed")
        self.assertEqual(unused.got, [])

    def popup_says(self, text):
        popup = self.browser.open(f"chrome-extension://{self.extension}/popup.html")
        popup.wait(f"document.body.innerText.includes('{text}')")
        popup.close()

    def test_without_its_host_it_forgets_and_finds_it_again(self):
        site = Site()
        site.pages["/login"] = login_form()
        self.offer(application("orphan", site.origin), self.canary())
        self.agent.changed()
        worker = self.browser.worker(self.extension)
        self.agent.end()
        Agent.wait(lambda: worker.evaluate("chrome.alarms.get('connect').then((alarm) => alarm !== undefined)"), "it will look again")
        page = self.browser.open(site.origin + "/login")
        self.untouched(page, "orphan")
        # A person who opens the popup is not kept waiting for the alarm, nor is the page.
        self.popup_says("ログオン中です")
        Agent.wait(lambda: site.posted("/enter"), "the page is signed in to")

    def test_what_was_refused_is_remembered_when_the_worker_was_ended(self):
        site = Site()
        site.pages["/login"] = login_form("/login")
        site.pages["POST", "/login"] = login_form("/login", more='<p id="login-failed">no</p>')
        self.offer(application("kept", site.origin), self.canary())
        self.agent.changed()
        page = self.browser.open(site.origin + "/login")
        Agent.wait(lambda: self.agent.outcomes("kept") == ["refused"], "refused")
        states = len(self.agent.asked("state"))
        page.call("ServiceWorker.enable")
        page.call("ServiceWorker.stopAllWorkers")
        time.sleep(0.5)
        self.popup_says("登録してあるパスワードが違う")
        self.assertGreater(len(self.agent.asked("state")), states, "it is another worker")
        page.go(site.origin + "/login")
        time.sleep(STILL)
        self.assertEqual(len(site.posted()), 1)
        self.assertEqual(len(self.agent.asked("release")), 1)

    # --- pages that mean no good

    def test_a_lookalike_origin_gets_nothing(self):
        real, other = Site(), Site()
        for site in (real, other):
            site.pages["/login"] = login_form()
        self.offer(application("real", real.origin), self.canary())
        self.agent.changed()
        for origin in (other.origin, real.origin.replace("127.0.0.1", "localhost")):
            self.untouched(self.browser.open(origin + "/login"), "real")
        for path in ("/login/", "/Login", "/login2"):
            real.pages[path] = login_form()
            self.untouched(self.browser.open(real.origin + path), "real")
        self.assertEqual(real.posted() + other.posted(), [])

    def test_a_login_page_that_leads_to_another_origin_gets_nothing(self):
        real, other = Site(), Site()
        real.pages["/login"] = (302, {"Location": other.origin + "/login"}, "")
        other.pages["/login"] = login_form()
        self.offer(application("moved", real.origin), self.canary())
        self.agent.changed()
        page = self.browser.open(real.origin + "/login")
        page.wait("document.getElementById('login')")
        self.assertTrue(page.url.startswith(other.origin))
        self.untouched(page, "moved")
        self.assertEqual(other.posted(), [])

    def test_a_form_in_an_iframe_gets_nothing(self):
        real, other = Site(), Site()
        real.pages["/login"] = login_form()
        frame = f'<!doctype html><iframe src="{real.origin}/login" onload="document.title = \'loaded\'"></iframe>'
        other.pages["/"] = frame
        real.pages["/portal"] = frame
        self.offer(application("framed", real.origin, success={"path": "/in"}), self.canary())
        self.agent.changed()
        for url in (other.origin + "/", real.origin + "/portal"):
            page = self.browser.open(url)
            page.wait("document.title === 'loaded'")
            self.untouched(page, "framed")
        self.assertEqual(real.posted(), [])

    def test_forms_that_are_not_the_declared_one_get_nothing(self):
        site, other = Site(), Site()
        pages = other_forms(other)
        for name, text in pages.items():
            site.pages["/" + name] = text
            self.offer(application(name, site.origin, "/" + name), self.canary())
        self.agent.changed()
        opened = {name: self.browser.open(f"{site.origin}/{name}") for name in pages}
        time.sleep(STILL * 2)
        for name, page in opened.items():
            with self.subTest(name):
                self.assertTrue(page.wait("document.forms.length > 0"), "the page stands")
                self.assertFalse(page.evaluate("[...Document.prototype.querySelectorAll.call(document, 'input:not([type=hidden])')].some((field) => field.value !== '')"))
                self.assertEqual(self.agent.asked("release", name), [])
        self.assertEqual(site.posted() + other.posted(), [])

    def test_a_form_that_changes_while_the_host_is_asked_gets_nothing(self):
        site, other = Site(), Site()
        site.pages["/login"] = login_form() + f"""<script>
setTimeout(() => document.getElementById('login').setAttribute('action', '{other.origin}/take'), 700)</script>"""
        self.offer(application("turning", site.origin), self.canary())
        self.agent.credentials["delay"] = 1.5
        self.agent.changed()
        page = self.browser.open(site.origin + "/login")
        Agent.wait(lambda: self.agent.asked("release"), "asked")
        time.sleep(STILL + 1.5)
        self.assertFalse(page.evaluate(FILLED))
        self.assertEqual(site.posted() + other.posted(), [])
        self.assertEqual(len(self.agent.asked("release")), 1)

    def test_a_page_that_copies_its_fields_gets_them_only_by_the_form(self):
        site = Site()
        site.pages["/copy"] = "ok"
        site.pages["/enter"] = (303, {"Location": "/"}, "")
        search = '<form action="/search"><input name="user"><button name="enter">search</button></form>'
        site.pages["/"] = "<!doctype html><title>in</title>in"
        site.pages["/login"] = search + login_form() + """<script>
const field = document.querySelector('[name=password]')
const copy = (from) => { if (field.value) navigator.sendBeacon('/copy', from + field.value) }
for (const kind of ['input', 'change', 'keydown', 'keyup', 'keypress', 'focus', 'blur', 'beforeinput', 'select'])
  document.addEventListener(kind, () => copy(kind), true)
setInterval(() => copy('timer'), 0)
new MutationObserver(() => copy('mutation')).observe(document, { subtree: true, attributes: true, childList: true })
for (const kind of ['beforeunload', 'pagehide', 'visibilitychange', 'unload']) addEventListener(kind, () => copy(kind))
const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')
Object.defineProperty(HTMLInputElement.prototype, 'value', { get: set.get, set(value) { navigator.sendBeacon('/copy', value); set.set.call(this, value) } })
</script>"""
        password = self.canary()
        self.offer(application("copier", site.origin), password)
        self.agent.changed()
        page = self.browser.open(site.origin + "/login")
        page.wait("document.title === 'in'")
        self.assertEqual([fields(body) for body in site.posted("/enter")], [{"user": "hanako", "password": password, "enter": "1"}])
        time.sleep(STILL)
        self.assertEqual(site.posted("/copy"), [])

    def test_the_value_is_gone_from_the_page_after_the_submission(self):
        site = Site()

        def slow(handler):
            time.sleep(2)
            return 303, {"Location": "/"}, ""

        site.pages["/enter"] = slow
        site.pages["/"] = "<!doctype html><title>in</title>in"
        site.pages["/look"] = "ok"
        # The page stands while its server takes its time, and says itself what is in it: DevTools waits for the next one.
        site.pages["/login"] = login_form() + """<script>setInterval(() => navigator.sendBeacon('/look', JSON.stringify(
[document.querySelector('[name=user]').value, document.querySelector('[name=password]').value, document.documentElement.outerHTML])), 50)
</script>"""
        self.offer(application("slow", site.origin), self.canary())
        # A page that is left before it was loaded has no place in the history to come back to.
        self.agent.credentials["delay"] = 0.7
        self.agent.changed()
        page = self.browser.open(site.origin + "/login")
        page.wait("document.title === 'in'")
        Agent.wait(lambda: self.agent.outcomes("slow") == ["accepted"], "the outcome")
        paths = [path for method, path, _ in site.got if method == "POST"]
        self.assertGreater(len(paths) - paths.index("/enter"), 3, "the page went on looking after the submission")
        for user, password, text in map(json.loads, site.posted("/look")):
            self.assertEqual((user, password), ("", ""))
            self.assertNotIn("Canary", text)
        page.evaluate("history.back()")
        page.wait("document.title === 'login'")
        self.assertFalse(page.evaluate(FILLED))
        stored = self.browser.worker(self.extension).evaluate(
            "Promise.all([chrome.storage.session.get(), chrome.storage.local.get()]).then(JSON.stringify)")
        self.assertIn("signedIn", stored)
        self.assertNotIn("Canary", stored)

    # --- what the host says

    def taken(self, page, message):
        return page.evaluate(f"import('/definitions.js').then((taken) => taken.stateOf({json.dumps(message)}))")

    def test_only_the_exact_shape_of_a_state_is_taken(self):
        page = self.browser.open(f"chrome-extension://{self.extension}/popup.html")
        page.wait("document.body.dataset.session")
        with open(os.path.join(ROOT, "Tests", "Browser", "golden-state.json"), encoding="utf-8") as file:
            golden = json.load(file)
        found = self.taken(page, golden)
        self.assertEqual(found["applications"], golden["applications"])
        refused = [None, [], "state", {}, {**golden, "more": 1}, {**golden, "kind": "credential"}, {**golden, "session": "Open"},
                   {**golden, "applications": {}}, {**golden, "applications": [golden["applications"][0]] * 65}]
        for key, values in {
            "id": ["", "-x", "a" * 65, "<b>", 7, None], "nameJa": ["", "x" * 65, "a\nb", "a\u202eb", None], "accounts": [None, ["Kanri"], ["-"], [""] * 10],
            "origin": ["https://Ledger.city.example", "https://a.example/", "https://a.example:443", "http://a.example", "https://u@a.example",
                       "https://*.example", "file://", "null", "javascript:x", None],
            "loginPath": ["login", "", "/a b", "/\u65e5", None], "form": ["form", "#login, #other", "*", "#a b", "[name=\"x\"]", ":has(a)", "", None],
            "user": ["input", "[name=user] ~ *"], "password": ["[name^=p]"], "submit": ["button"],
            "success": [None, {}, "/", {"path": "x"}, {"path": "/", "selector": "#a"}, {"selector": "p"}], "failure": [None],
            "mustChange": [{}, False], "change": [{}, {"path": "/password"}],
        }.items():
            for value in values:
                refused.append({**golden, "applications": [{**golden["applications"][0], key: value}]})
        for key in golden["applications"][0]:
            refused.append({**golden, "applications": [{name: value for name, value in golden["applications"][0].items() if name != key}]})
        for message in refused:
            self.assertIsNone(self.taken(page, message), json.dumps(message)[:400])

    def test_only_the_exact_shape_of_a_credential_is_taken(self):
        page = self.browser.open(f"chrome-extension://{self.extension}/popup.html")
        page.wait("document.body.dataset.session")
        good = {"kind": "credential", "user": "u", "password": "p", "changeDue": False, "version": "1"}
        for message, is_taken in [
            (good, True), ({**good, "password": "x" * 256}, True), ({**good, "password": "x" * 257}, False), ({**good, "user": ""}, False),
            ({**good, "password": ""}, False), ({**good, "password": 7}, False), ({**good, "more": ""}, False), ({"kind": "credential"}, False),
            ({**good, "changeDue": "false"}, False), ({**good, "version": 1}, False), ({**good, "version": "0"}, False), ({name: value for name, value in good.items() if name != "changeDue"}, False),
            ({**good, "kind": "fault"}, False), (None, False), ([good], False),
        ]:
            found = page.evaluate(f"import('/definitions.js').then((taken) => taken.credentialOf({json.dumps(message)}))")
            self.assertEqual(found is not None, is_taken, message)

    def test_scripts_of_pages_cannot_speak_to_the_extension(self):
        site = Site()
        site.pages["/login"] = "<!doctype html><title>none</title>"
        self.offer(application("mute", site.origin), self.canary())
        self.agent.changed()
        page = self.browser.open(site.origin + "/login")
        page.wait("document.readyState === 'complete'")
        self.assertEqual(page.evaluate("typeof globalThis.chrome?.runtime?.sendMessage"), "undefined")
        self.assertEqual(page.evaluate("typeof sanmonLook"), "undefined")
        self.assertEqual(self.agent.asked("release"), [])


if __name__ == "__main__":
    unittest.main()
