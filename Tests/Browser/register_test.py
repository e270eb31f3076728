#!/usr/bin/env python3
"""Passwords that a person registers on the extension's own page, in a real Chromium."""
import os
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import CHANGE, Agent, PasswordSite, Site, application, login_form  # noqa: E402
from browser_case import STILL, BrowserCase  # noqa: E402


class RegisterTest(BrowserCase):
    def empty(self, definition, *accounts):
        """An application, and no password for it yet."""
        self.agent.applications = [definition]
        for account in accounts or ("",):
            self.agent.credentials[f"{definition['id']}/{account}"] = {"user": "", "isDue": False, "next": [], "versions": []}
        self.agent.changed()

    def popup(self):
        popup = self.browser.open(f"chrome-extension://{self.extension}/popup.html")
        popup.wait("document.body.dataset.session === 'open'")
        return popup

    def offered(self):
        """The extension's page that the popup leads to."""
        popup = self.popup()
        popup.wait("[...document.querySelectorAll('button')].some((one) => one.textContent === 'パスワードを登録する')")
        popup.evaluate("[...document.querySelectorAll('button')].find((one) => one.textContent === 'パスワードを登録する').click()")
        return self.browser.attach("/register.html")

    def register(self, page, user, password):
        """As somebody does who never touches the mouse."""
        page.wait("document.body.dataset.state === 'ready'")
        self.assertEqual(page.evaluate("document.activeElement.id"), "user")
        page.type(user)
        page.press("Tab")
        self.assertEqual(page.evaluate("document.activeElement.id"), "password")
        page.type(password)
        page.press("Enter")

    def test_a_password_that_is_missing_is_registered_and_confirmed_by_a_sign_in(self):
        password = self.canary() + "aA1"
        self.ledger.add_user("hanako", password)
        self.empty(application("ledger", self.ledger.origin, nameJa="伝票起票", change=CHANGE))
        first = self.browser.open(self.ledger.origin + "/")
        Agent.wait(lambda: self.agent.asked("release"), "asked in vain")
        page = self.offered()
        self.assertEqual(page.wait("document.querySelector('h1').textContent"), "伝票起票のパスワードを登録")
        self.register(page, "hanako", password)
        # The tab goes on to the application, and is signed in there.
        self.assertEqual(page.wait("document.getElementById('person')?.textContent"), "職員 hanako")
        Agent.wait(lambda: self.agent.outcomes("ledger") == ["accepted"], "confirmed")
        self.assertEqual(self.agent.vault("ledger/"), [(1, password, "current")])
        self.assertEqual([(asked["application"], asked["account"], asked["user"]) for asked in self.agent.asked("capture")], [("ledger", "", "hanako")])
        self.assertFalse(first.evaluate("document.querySelector('[name=password]').value"))
        self.assertIn("伝票起票", self.popup().evaluate("document.body.innerText"))

    def test_a_wrong_one_is_tried_once_and_asked_for_again(self):
        password = self.canary() + "aA1"
        site = PasswordSite(password)
        self.empty(application("site", site.origin))
        self.browser.open(site.origin + "/login")
        Agent.wait(lambda: self.agent.asked("release"), "asked in vain")
        page = self.offered()
        self.register(page, "hanako", self.canary())
        page.wait("document.getElementById('login-failed')")
        Agent.wait(lambda: self.agent.outcomes("site") == ["refused"], "reported")
        popup = self.popup()
        popup.wait("document.body.innerText.includes('登録し直してください')")
        popup.close()
        page.close()
        self.register(self.offered(), "hanako", password)
        Agent.wait(lambda: self.agent.outcomes("site") == ["refused", "accepted"], "confirmed")
        self.assertEqual(site.wrong, 1)

    def test_the_second_account_has_its_own(self):
        site = PasswordSite(self.canary() + "aA1")
        self.empty(application("site", site.origin, accounts=["", "kanri"]), "", "kanri")
        page = self.browser.open(f"chrome-extension://{self.extension}/register.html?application=site&account=kanri")
        self.assertEqual(page.wait("document.querySelector('h1').textContent"), "見本（「kanri」）のパスワードを登録")
        self.register(page, "hanako", site.password)
        page.wait("document.title === 'in'")
        self.assertEqual([asked["account"] for asked in self.agent.asked("release")], ["kanri"])
        Agent.wait(lambda: [state for _, _, state in self.agent.vault("site/kanri")] == ["current"], "confirmed")
        self.assertEqual(self.agent.vault("site/"), [])

    def test_the_page_keeps_nothing_and_says_why_it_could_not(self):
        site = PasswordSite("none")
        definition = application("site", site.origin)
        self.agent.applications = [definition]
        self.agent.changed()
        page = self.browser.open(f"chrome-extension://{self.extension}/register.html?application=site&account=")
        # The stand-in keeps nothing for an application that its vault does not know.
        self.register(page, "hanako", self.canary())
        page.wait("document.getElementById('fault').textContent === 'このパスワードは渡せません。'")
        self.assertEqual(page.evaluate("document.activeElement.id"), "password")
        self.assertEqual(page.evaluate("document.getElementById('password').value"), "")
        self.assertNotIn("Canary", page.evaluate("document.documentElement.outerHTML + location.href + JSON.stringify(history.state)"))
        # Too long for what carries it: said, and not sent.
        asked = len(self.agent.asked("capture"))
        page.type("漢" * 86)
        page.press("Enter")
        page.wait("document.getElementById('fault').textContent.startsWith('長すぎます')")
        self.assertEqual(len(self.agent.asked("capture")), asked)
        stored = self.browser.worker(self.extension).evaluate(
            "Promise.all([chrome.storage.session.get(), chrome.storage.local.get()]).then(JSON.stringify)")
        self.assertNotIn("Canary", stored)

    def test_fields_have_labels_and_no_password_manager(self):
        self.empty(application("site", "http://127.0.0.1:1"))
        page = self.browser.open(f"chrome-extension://{self.extension}/register.html?application=site&account=")
        page.wait("document.body.dataset.state === 'ready'")
        self.assertEqual(page.evaluate("document.documentElement.lang"), "ja")
        for field, label in (("user", "業務システムでの利用者名"), ("password", "パスワード")):
            self.assertEqual(page.evaluate(f"document.getElementById('{field}').labels[0].textContent"), label)
            self.assertEqual(page.evaluate(f"document.getElementById('{field}').autocomplete"), "off")
        self.assertEqual(page.evaluate("document.getElementById('fault').role"), "alert")
        self.assertEqual(page.evaluate("document.getElementById('send').textContent"), "パスワードを登録する")

    def test_what_is_not_listed_or_locked_cannot_be_registered(self):
        self.empty(application("site", "http://127.0.0.1:1"))
        page = self.browser.open(f"chrome-extension://{self.extension}/register.html?application=other&account=")
        page.wait("document.body.dataset.state === 'closed'")
        self.assertIn("登録されていません", page.evaluate("document.getElementById('fault').textContent"))
        self.agent.session = "locked"
        self.agent.write()
        self.agent.push({"kind": "locked"})
        page = self.browser.open(f"chrome-extension://{self.extension}/register.html?application=site&account=")
        page.wait("document.body.dataset.state === 'closed'")
        self.assertIn("ロック中", page.evaluate("document.getElementById('fault').textContent"))
        self.assertEqual(self.agent.asked("capture"), [])

    # --- pages that mean no good

    def test_no_site_reaches_the_page(self):
        url = f"chrome-extension://{self.extension}/register.html?application=site&account="
        site = Site()
        site.pages["/"] = f'<!doctype html><title>none</title><iframe src="{url}" onload="document.title = \'framed\'"></iframe>'
        site.pages["/login"] = login_form()
        site.pages["/away"] = (302, {"Location": url}, "")
        self.empty(application("site", site.origin))
        page = self.browser.open(site.origin + "/")
        time.sleep(STILL)
        self.assertFalse(any(url in frame for frame in page.frames()))
        opened = self.browser.open(site.origin + "/login")
        opened.wait("document.getElementById('login')")
        opened.evaluate(f"void (location.href = {url!r})")
        other = self.browser.open(site.origin + "/away")
        time.sleep(STILL)
        for page in (opened, other):
            self.assertFalse(page.evaluate("document.getElementById('register') !== null"))

    def test_only_the_page_itself_is_listened_to(self):
        self.empty(application("site", "http://127.0.0.1:1"))
        popup = self.popup()
        popup.evaluate("chrome.runtime.sendMessage({ kind: 'register', application: 'site', account: '', user: 'u', password: 'p' })")
        time.sleep(0.5)
        self.assertEqual(self.agent.asked("capture"), [])


if __name__ == "__main__":
    unittest.main()
