#!/usr/bin/env python3
"""Somebody else's account, opened by a deputy under her own card, in a real Chromium."""
import os
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import CHANGE, Agent, PasswordSite, Site, application, fields, login_form, other_forms  # noqa: E402
from browser_case import STILL, BrowserCase  # noqa: E402

# 28 December 2026 counts whole, in Japanese time.
UNTIL = 1_798_470_000_000
YAMADA = {"owner": "p-000007", "name": "山田 太郎", "account": "", "until": UNTIL}
SHARED = {"owner": "shared-kaikei", "name": "", "account": "", "until": UNTIL}
NOT_DEPUTY = {"kind": "fault", "code": "AP181", "ja": "登録が、いまはありません。", "en": "You are not registered."}


class DeputyTest(BrowserCase):
    def stand_in(self, definition, password, owner=YAMADA, user="yamada"):
        """Offers the owner's account, and one's own."""
        definition = {**definition, "owners": [*definition["owners"], owner]}
        self.offer(definition, self.canary(), user="hanako")
        self.agent.credentials[f"{definition['id']}/{owner['account']}/{owner['owner']}"] = (
            [user, password] if isinstance(password, str) else password)
        self.agent.changed()

    def popup(self):
        popup = self.browser.open(f"chrome-extension://{self.extension}/popup.html")
        popup.wait("document.body.dataset.isRenewed")
        return popup

    def choose(self, text):
        self.popup().evaluate(
            f"[...document.querySelectorAll('button')].find((one) => one.textContent.includes({text!r})).click()")

    def says(self, *parts):
        popup = self.popup()
        for part in parts:
            popup.wait(f"document.body.innerText.includes({part!r})")
        return popup

    def owners_asked(self):
        return [(asked["owner"], asked["account"]) for asked in self.agent.asked("release")]

    def test_a_deputy_opens_the_owners_account_by_her_choice(self):
        password = self.canary() + "aA1"
        self.ledger.add_user("yamada", password)
        self.stand_in(application("ledger", self.ledger.origin, nameJa="伝票起票"), password)
        self.says("伝票起票", "代理で開く（山田 太郎）", "p-000007・12月28日まで", "記録には両方の名前が残ります")
        self.choose("代理で開く（山田 太郎）")
        page = self.browser.attach(self.ledger.origin)
        self.assertEqual(page.wait("document.getElementById('person')?.textContent"), "職員 yamada")
        Agent.wait(lambda: self.agent.outcomes("ledger") == ["accepted"], "the outcome is reported")
        self.assertEqual(self.owners_asked(), [("p-000007", "")])
        self.assertEqual([told["owner"] for told in self.agent.asked("outcome")], ["p-000007"])

    def test_a_shared_account_is_named_by_its_id(self):
        site = Site()
        site.pages["/enter"] = (303, {"Location": "/"}, "")
        site.pages["/"] = "<!doctype html><title>in</title>in"
        site.pages["/login"] = login_form()
        password = self.canary()
        self.stand_in(application("kaikei", site.origin), password, SHARED, "kaikei")
        self.choose("共有で開く（shared-kaikei）")
        Agent.wait(lambda: self.agent.outcomes("kaikei") == ["accepted"], "signed in")
        self.assertEqual(fields(site.posted("/enter")[0])["password"], password)

    def test_nothing_of_the_owners_is_used_unasked(self):
        site = Site()
        site.pages["/login"] = login_form()
        self.agent.credentials["unasked//p-000007"] = ["yamada", self.canary()]
        # No account of one's own, or one without a password: no reason to take hers.
        for accounts, asked in (([], []), ([""], [("", "")])):
            self.agent.applications = [{**application("unasked", site.origin, accounts=accounts), "owners": [YAMADA]}]
            self.agent.changed()
            page = self.browser.open(site.origin + "/login")
            page.wait("document.readyState === 'complete'")
            time.sleep(STILL)
            self.assertEqual((self.owners_asked(), site.posted()), (asked, []))
            page.close()

    def test_withdrawn_while_it_is_still_listed_and_afterwards_is_said_in_words(self):
        site = Site()
        site.pages["/login"] = login_form()
        self.stand_in(application("withdrawn", site.origin), NOT_DEPUTY)
        self.choose("代理で開く（山田 太郎）")
        Agent.wait(lambda: self.owners_asked() == [("p-000007", "")], "asked in vain")
        self.says("山田 太郎 の代理・共有は、期間が終わったか取り消されました", "代理で開く（山田 太郎）").close()
        self.agent.applications[0]["owners"] = []
        self.agent.write()
        popup = self.says("山田 太郎 の代理・共有は、期間が終わったか取り消されました")
        self.assertNotIn("代理で開く", popup.evaluate("document.body.innerText"))
        self.assertEqual(site.posted(), [])

    def test_what_was_refused_of_hers_is_hers_to_mend_and_ones_own_goes_on(self):
        site = PasswordSite("right")
        definition = application("refused", site.origin, change=CHANGE)
        self.stand_in(definition, self.canary())
        self.agent.credentials["refused/"] = ["hanako", "right"]
        self.agent.write()
        self.choose("代理で開く")
        Agent.wait(lambda: self.agent.outcomes("refused") == ["refused"], "refused")
        popup = self.says("登録してある 山田 太郎 のパスワードが違う")
        self.assertNotIn("登録する", popup.evaluate("document.body.innerText"))
        self.assertEqual(
            popup.evaluate("[...document.querySelectorAll('button')].map((one) => one.disabled)"), [False, True])
        # In the tab in which hers was chosen nothing is tried any more, also not one's own.
        self.browser.attach(site.origin).go(site.origin + "/login")
        time.sleep(STILL)
        self.assertEqual(self.owners_asked(), [("p-000007", "")])
        self.browser.open(site.origin + "/login").wait("document.title === 'in'")
        self.assertEqual(self.owners_asked(), [("p-000007", ""), ("", "")])

    def test_a_deputy_neither_changes_nor_registers_the_owners_password(self):
        site = PasswordSite("must-go", must_change=True)
        vault = {"user": "yamada", "isDue": True, "next": ["Canary-never"], "versions": [{"number": 1, "password": "must-go", "state": "current"}]}
        self.stand_in(application("owned", site.origin, change=CHANGE), vault)
        self.choose("代理で開く")
        Agent.wait(lambda: self.agent.outcomes("owned") == ["mustChange"], "has to be changed")
        popup = self.says("山田 太郎 のパスワードの変更が求められています")
        self.assertNotIn("登録する", popup.evaluate("document.body.innerText"))
        # Also where it is only due.
        site.must_change = False
        self.agent.changed()
        self.choose("代理で開く")
        Agent.wait(lambda: self.agent.outcomes("owned") == ["mustChange", "accepted"], "accepted")
        time.sleep(STILL)
        self.assertEqual((self.agent.asked("change"), self.agent.asked("capture"), site.password), ([], [], "must-go"))

    def test_missing_is_the_owners_to_register(self):
        site = Site()
        site.pages["/login"] = login_form()
        self.stand_in(application("lacking", site.origin), {**NOT_DEPUTY, "code": "AP176"})
        self.choose("代理で開く")
        Agent.wait(lambda: self.agent.asked("release"), "asked in vain")
        popup = self.says("使える 山田 太郎 のパスワードが登録されていません")
        self.assertNotIn("登録する", popup.evaluate("document.body.innerText"))

    # --- pages that mean no good, with the owner chosen

    def chosen_tab(self, definition):
        self.stand_in(definition, self.canary())
        self.choose("代理で開く")

    def nothing_was_asked(self, *sites):
        time.sleep(STILL)
        self.assertEqual(self.agent.asked("release"), [])
        for site in sites:
            self.assertEqual(site.posted(), [])

    def test_a_lookalike_origin_gets_nothing_of_the_owners(self):
        real, other = Site(), Site()
        real.pages["/login"] = "<!doctype html><title>none</title>"
        real.pages["/Login"] = other.pages["/login"] = login_form()
        self.chosen_tab(application("alike", real.origin))
        page = self.browser.attach(real.origin + "/login")
        page.wait("document.title === 'none'")
        # The very tab in which the owner was chosen.
        for url in (other.origin + "/login", real.origin.replace("127.0.0.1", "localhost") + "/login", real.origin + "/Login"):
            page.go(url)
            self.nothing_was_asked(real, other)

    def test_a_login_page_that_leads_elsewhere_gets_nothing_of_the_owners(self):
        real, other = Site(), Site()
        real.pages["/login"] = (302, {"Location": other.origin + "/login"}, "")
        other.pages["/login"] = login_form()
        self.chosen_tab(application("moved-owner", real.origin))
        self.browser.attach(other.origin + "/login").wait("document.getElementById('login')")
        self.nothing_was_asked(real, other)

    def test_a_form_in_an_iframe_gets_nothing_of_the_owners(self):
        real, other = Site(), Site()
        login = [f'<!doctype html><iframe src="{real.origin}/frame" onload="document.title = \'loaded\'"></iframe>']
        real.pages["/login"] = lambda handler: login[0]
        real.pages["/frame"] = login_form()
        other.pages["/"] = f'<!doctype html><iframe src="{real.origin}/login" onload="document.title = \'loaded\'"></iframe>'
        self.chosen_tab(application("framed-owner", real.origin))
        page = self.browser.attach(real.origin + "/login")
        page.wait("document.title === 'loaded'")
        self.nothing_was_asked(real, other)
        login[0] = login_form()
        page.go(other.origin + "/")
        page.wait("document.title === 'loaded'")
        self.nothing_was_asked(real, other)

    def test_forms_that_are_not_the_declared_one_get_nothing_of_the_owners(self):
        site, other = Site(), Site()
        pages = other_forms(other)
        for name, text in pages.items():
            site.pages["/" + name] = text
            self.offer({**application(name, site.origin, "/" + name), "owners": [{**YAMADA, "name": name}]}, self.canary())
            self.agent.credentials[f"{name}//p-000007"] = ["yamada", self.canary()]
        self.agent.changed()
        for name in pages:
            self.choose(f"代理で開く（{name}）")
        self.nothing_was_asked(site, other)

    def test_a_page_that_copies_its_fields_gets_the_owners_only_by_the_form(self):
        site = Site()
        site.pages["/copy"] = "ok"
        site.pages["/enter"] = (303, {"Location": "/"}, "")
        site.pages["/"] = "<!doctype html><title>in</title>in"
        site.pages["/login"] = login_form() + """<script>
const field = document.querySelector('[name=password]')
const copy = (from) => { if (field.value) navigator.sendBeacon('/copy', from + field.value) }
for (const kind of ['input', 'change', 'keydown', 'focus', 'blur', 'select']) document.addEventListener(kind, () => copy(kind), true)
setInterval(() => copy('timer'), 0)
new MutationObserver(() => copy('mutation')).observe(document, { subtree: true, attributes: true, childList: true })
for (const kind of ['beforeunload', 'pagehide', 'visibilitychange']) addEventListener(kind, () => copy(kind))
const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')
Object.defineProperty(HTMLInputElement.prototype, 'value', { get: set.get, set(value) { navigator.sendBeacon('/copy', value); set.set.call(this, value) } })
</script>"""
        password = self.canary()
        self.stand_in(application("copied-owner", site.origin), password)
        self.choose("代理で開く")
        Agent.wait(lambda: self.agent.outcomes("copied-owner") == ["accepted"], "signed in")
        self.assertEqual([fields(body)["password"] for body in site.posted("/enter")], [password])
        time.sleep(STILL)
        self.assertEqual(site.posted("/copy"), [])


if __name__ == "__main__":
    unittest.main()
