#!/usr/bin/env python3
"""Passwords that are changed without anybody knowing them, in a real Chromium."""
import json
import os
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import CHANGE, Agent, PasswordSite, Site, application, change_form, fields, other_change_forms  # noqa: E402
from browser_case import STILL, BrowserCase  # noqa: E402
from sample_apps_test import Visitor  # noqa: E402

FILLED = "[...Document.prototype.querySelectorAll.call(document, 'input[type=password]')].some((field) => field.value !== '')"


class ChangeTest(BrowserCase):
    def keep(self, definition, password, user="hanako", account="", is_due=False, more=(), next_passwords=1):
        """One credential in the stand-in's vault, and what it will generate; the new passwords."""
        new = [self.canary() + "aA1" for _ in range(next_passwords)]
        versions = [{"number": 1, "password": password, "state": "current"}]
        for number, (other, state) in enumerate(more, 2):
            versions.insert(0, {"number": number, "password": other, "state": state})
        self.agent.applications = [one for one in self.agent.applications if one["id"] != definition["id"]] + [definition]
        self.agent.credentials[f"{definition['id']}/{account}"] = {"user": user, "isDue": is_due, "next": list(new), "versions": versions}
        return new[0] if new else None

    def site(self, name, must_change=False, is_due=False, next_passwords=1):
        """A site with one account whose password is kept."""
        old = self.canary() + "aA1"
        site = PasswordSite(old, must_change)
        new = self.keep(application(name, site.origin, change=CHANGE), old, is_due=is_due, next_passwords=next_passwords)
        return site, old, new

    def come_back(self, name):
        """Chromium has lost its agent, or another day has come: the next session, with what the vault keeps."""
        self.agent.reload()
        for key in ("delay", "stall", "fatal"):
            self.agent.credentials.pop(key, None)
        self.agent.session = "open"
        self.agent.write()
        worker = self.browser.worker(self.extension)
        worker.evaluate("chrome.runtime.id")
        popup = self.browser.open(f"chrome-extension://{self.extension}/popup.html")
        popup.wait("document.body.dataset.session !== undefined")
        popup.close()
        self.agent.push({"kind": "ended", "logoff": []})
        self.agent.changed()

    def popup_says(self, text):
        popup = self.browser.open(f"chrome-extension://{self.extension}/popup.html")
        popup.wait(f"document.body.innerText.includes('{text}')")
        popup.close()

    def kept(self, key, versions):
        Agent.wait(lambda: self.agent.vault(key) == versions, "the vault keeps it")

    def no_tab_at(self, path):
        Agent.wait(lambda: not any(url.endswith(path) for _, url in self.browser.pages()), "its tab is closed", 20)

    # --- when, and with what

    def test_at_the_demand_of_the_application(self):
        old = self.canary() + "aA1"
        self.ledger.add_user("hanako", old, "--must-change")
        new = self.keep(application("ledger", self.ledger.origin, change=CHANGE), old)
        self.agent.changed()
        page = self.browser.open(self.ledger.origin + "/")
        page.wait("document.getElementById('changed')")
        Agent.wait(lambda: self.agent.changes("ledger") == ["accepted"], "the change is reported")
        self.assertEqual(self.agent.outcomes("ledger"), ["mustChange"])
        self.assertEqual([asked["origin"] for asked in self.agent.asked("change", "ledger")], [self.ledger.origin])
        self.kept("ledger/", [(2, new, "current")])
        visitor = Visitor(self.ledger.origin)
        self.assertEqual(visitor.sign_in("hanako", old), 403)
        # The next sign-in is with the new one, in this session already.
        self.browser.call("Storage.clearCookies")
        page.go(self.ledger.origin + "/")
        self.assertEqual(page.wait("document.getElementById('person')?.textContent"), "職員 hanako")
        Agent.wait(lambda: self.agent.outcomes("ledger") == ["mustChange", "accepted"], "the outcome")

    def test_when_it_is_old_in_a_tab_behind(self):
        old = self.canary() + "aA1"
        self.ledger.add_user("jiro", old)
        new = self.keep(application("ledger", self.ledger.origin, change=CHANGE), old, user="jiro", is_due=True)
        self.agent.changed()
        page = self.browser.open(self.ledger.origin + "/")
        page.wait("document.querySelector('h2')?.textContent === '伝票の一覧'")
        Agent.wait(lambda: self.agent.changes("ledger") == ["accepted"], "the change is reported")
        self.kept("ledger/", [(2, new, "current")])
        self.no_tab_at("/password")
        # The person's page stands where it stood, and goes on.
        self.assertTrue(page.url.endswith("/"))
        page.go(self.ledger.origin + "/slips/new")
        page.wait("document.getElementById('slip')")
        self.assertEqual(len(self.agent.asked("release")), 1)

    def test_of_the_second_of_two_accounts(self):
        first, second = self.canary() + "aA1", self.canary() + "aA1"
        self.ledger.add_user("shiro", first)
        self.ledger.add_user("shiro-kanri", second)
        definition = application("ledger", self.ledger.origin, change=CHANGE, accounts=["", "kanri"])
        self.keep(definition, first, user="shiro", next_passwords=0)
        new = self.keep(definition, second, user="shiro-kanri", account="kanri", is_due=True)
        self.agent.changed()
        popup = self.browser.open(f"chrome-extension://{self.extension}/popup.html")
        popup.wait("document.querySelectorAll('button').length === 2")
        popup.evaluate("[...document.querySelectorAll('button')].find((one) => one.textContent.includes('kanri')).click()")
        Agent.wait(lambda: self.agent.changes("ledger") == ["accepted"], "changed")
        self.assertEqual([asked["account"] for asked in self.agent.asked("change")], ["kanri"])
        self.kept("ledger/kanri", [(2, new, "current")])
        self.assertEqual(self.agent.vault("ledger/"), [(1, first, "current")])
        self.assertEqual(Visitor(self.ledger.origin).sign_in("shiro-kanri", new), 303)
        self.assertEqual(Visitor(self.ledger.origin).sign_in("shiro-kanri", second), 403)
        self.assertEqual(Visitor(self.ledger.origin).sign_in("shiro", first), 303)

    def test_what_the_application_does_not_take_leaves_the_former_one_and_is_tried_once(self):
        old = self.canary() + "aA1"
        site = PasswordSite(old)
        self.keep(application("picky", site.origin, change=CHANGE), old, is_due=True, next_passwords=0)
        self.agent.credentials["picky/"]["next"] = ["Canary-7Qx", self.canary() + "aA1"]
        self.agent.changed()
        page = self.browser.open(site.origin + "/login")
        Agent.wait(lambda: self.agent.changes("picky") == ["refused"], "the refusal is reported")
        self.no_tab_at("/password")
        self.popup_says("自動で変更できませんでした")
        for sign_ins in (2, 3):
            page.go(site.origin + "/login")
            page.wait("document.title === 'in'")
            # A page that is left before the extension has seen its sign is an unclear end, and is not tried again by itself.
            Agent.wait(lambda: self.agent.outcomes("picky") == ["accepted"] * sign_ins, "the outcome")
        time.sleep(STILL)
        self.assertEqual(len(self.agent.asked("change")), 1)
        self.assertEqual((site.attempts, site.wrong), ([old] * 3, 0))
        self.assertEqual([(number, state) for number, _, state in self.agent.vault("picky/")], [(2, "refused"), (1, "current")])

    def test_while_it_is_being_changed_no_other_tab_is_signed_in(self):
        site, old, new = self.site("busy", is_due=True)
        site.slow = 2
        self.agent.changed()
        self.browser.open(site.origin + "/login")
        Agent.wait(lambda: site.posted("/password"), "the form is sent")
        other = self.browser.open(site.origin + "/login")
        other.wait("document.getElementById('login')")
        time.sleep(1)
        self.assertEqual(site.attempts, [old])
        Agent.wait(lambda: self.agent.changes("busy") == ["accepted"], "changed")
        other.go(site.origin + "/login")
        other.wait("document.title === 'in'")
        self.assertEqual(site.attempts, [old, new])

    def test_without_a_declared_form_nothing_is_changed(self):
        old = self.canary() + "aA1"
        site = PasswordSite(old, must_change=True)
        self.keep(application("plain", site.origin), old)
        self.agent.changed()
        page = self.browser.open(site.origin + "/login")
        Agent.wait(lambda: self.agent.outcomes("plain") == ["mustChange"], "reported")
        time.sleep(STILL)
        self.assertFalse(page.evaluate(FILLED))
        self.assertEqual(self.agent.asked("change"), [])
        # The person does it, and says so.
        self.popup_says("新しいパスワードをここから登録してください")
        self.popup_says("パスワードを登録する")

    # --- where it can break: one of the two passwords always works, and at most one wrong one is tried

    def signs_in_again(self, name, site, wrong):
        """The next sign-in ends well."""
        attempts = len(site.attempts)
        self.come_back(name)
        page = self.browser.open(site.origin + "/login")
        page.wait("document.title === 'in'")
        Agent.wait(lambda: self.agent.outcomes(name)[-1:] == ["accepted"], "accepted")
        self.assertEqual(site.wrong, wrong)
        self.assertEqual(len(site.attempts) - attempts, wrong + 1)
        Agent.wait(
            lambda: (site.password, "current") in [(password, state) for _, password, state in self.agent.vault(name + "/")], "confirmed")

    def test_killed_after_it_is_kept_and_before_the_page_has_it(self):
        site, old, new = self.site("kept", is_due=True)
        self.agent.credentials["stall"] = 30
        self.agent.changed()
        self.browser.open(site.origin + "/login")
        Agent.wait(lambda: len(self.agent.vault("kept/")) == 2, "the new one is kept")
        self.agent.end()
        self.no_tab_at("/password")
        self.assertEqual((site.password, site.posted("/password")), (old, []))
        self.signs_in_again("kept", site, wrong=1)
        self.assertEqual(site.attempts[-2:], [new, old])

    def test_killed_while_the_application_changes_it(self):
        site, old, new = self.site("sent", is_due=True)
        site.slow = 4
        self.agent.changed()
        page = self.browser.open(site.origin + "/login")
        Agent.wait(lambda: site.posted("/password"), "the form is sent")
        # The tab that waits for the answer is gone.
        for target, url in self.browser.pages():
            if target != page.target:
                self.browser.call("Target.closeTarget", {"targetId": target})
        self.popup_says("変わったか確かめられませんでした")
        Agent.wait(lambda: site.password == new, "changed there")
        self.assertEqual(self.agent.changes("sent"), [])
        self.signs_in_again("sent", site, wrong=0)
        self.kept("sent/", [(2, new, "current")])

    def test_killed_before_the_success_is_reported(self):
        site, old, new = self.site("lost", is_due=True)
        self.agent.credentials["fatal"] = "changeOutcome"
        self.agent.changed()
        self.browser.open(site.origin + "/login")
        Agent.wait(lambda: self.agent.changes("lost") == ["accepted"], "the agent dies of it")
        self.assertEqual(site.password, new)
        self.assertEqual([state for _, _, state in self.agent.vault("lost/")], ["unconfirmed", "current"])
        self.signs_in_again("lost", site, wrong=0)
        self.kept("lost/", [(2, new, "current")])

    def test_locked_while_it_is_being_kept(self):
        site, old, new = self.site("locked", must_change=True)
        self.agent.credentials["stall"] = 1.5
        self.agent.changed()
        page = self.browser.open(site.origin + "/login")
        Agent.wait(lambda: len(self.agent.vault("locked/")) == 2, "the new one is kept")
        self.agent.push({"kind": "locked"})
        time.sleep(STILL + 1.5)
        self.assertFalse(page.evaluate(FILLED))
        self.assertEqual(site.posted("/password"), [])
        site.must_change = False
        self.signs_in_again("locked", site, wrong=1)

    def test_two_wrong_ones_are_the_most_that_is_tried(self):
        old, newer, newest = (self.canary() + "aA1" for _ in range(3))
        site = PasswordSite(self.canary() + "aA1")
        self.keep(application("both", site.origin, change=CHANGE), old, more=[(newer, "unconfirmed"), (newest, "unconfirmed")])
        self.agent.changed()
        page = self.browser.open(site.origin + "/login")
        Agent.wait(lambda: self.agent.outcomes("both") == ["refused", "refused"], "both are reported")
        for _ in range(3):
            page.go(site.origin + "/login")
            time.sleep(0.5)
        time.sleep(STILL)
        self.assertEqual(site.attempts, [newest, newer])
        self.popup_says("登録し直してください")

    # --- pages that mean no good

    def begun(self, name, site):
        """Signed in, and led to the page where the password is to be changed."""
        self.agent.changed()
        page = self.browser.open(site.origin + "/login")
        Agent.wait(lambda: self.agent.outcomes(name), "signed in")
        return page

    def test_a_change_page_elsewhere_gets_nothing(self):
        other = Site()
        other.pages["/password"] = other.pages["/take"] = change_form()
        for name, place in [("origin", other.origin + "/password"), ("path", "/elsewhere")]:
            with self.subTest(name):
                site, old, _ = self.site(name, is_due=True)
                site.pages["/password"] = (302, {"Location": place}, "")
                site.pages["/elsewhere"] = change_form()
                self.begun(name, site)
                time.sleep(STILL)
                self.assertEqual(self.agent.asked("change", name), [])
                self.assertEqual(len(self.agent.vault(name + "/")), 1, "nothing was generated")
                self.assertEqual(site.posted("/password") + other.posted(), [])
                self.no_tab_at(place)

    def test_a_change_form_in_an_iframe_gets_nothing(self):
        site, _, _ = self.site("framed", must_change=True)
        site.pages["/password"] = '<!doctype html><iframe src="/inner" onload="document.title = \'loaded\'"></iframe>'
        site.pages["/inner"] = change_form()
        page = self.begun("framed", site)
        page.wait("document.title === 'loaded'")
        time.sleep(STILL)
        self.assertEqual(self.agent.asked("change", "framed"), [])
        self.assertEqual(site.posted("/password"), [])

    def test_change_forms_that_are_not_the_declared_one_get_nothing(self):
        other = Site()
        sites = {}
        for name, text in other_change_forms(other).items():
            site, _, _ = self.site(name, must_change=True)
            site.pages["/password"] = text
            sites[name] = site
        self.agent.changed()
        for name, site in sites.items():
            with self.subTest(name):
                page = self.browser.open(site.origin + "/login")
                # A page in a sandbox is of no origin, and told nobody how the sign-in ended.
                if name != "change-sandboxed":
                    Agent.wait(lambda: self.agent.outcomes(name) == ["mustChange"], "signed in")
                Agent.wait(lambda: page.url.endswith("/password"), "led to the form")
                time.sleep(0.7)
                self.assertFalse(page.evaluate(FILLED))
                self.assertEqual(self.agent.asked("change", name), [])
                self.assertEqual(site.posted("/password"), [])
                page.close()
        self.assertEqual(other.posted(), [])

    def test_a_change_form_that_turns_while_the_host_is_asked_gets_nothing(self):
        other = Site()
        site, old, _ = self.site("turning", must_change=True)
        site.pages["/password"] = change_form() + f"""<script>
setTimeout(() => document.getElementById('change').setAttribute('action', '{other.origin}/take'), 700)</script>"""
        self.agent.credentials["stall"] = 1.5
        page = self.begun("turning", site)
        # The page never had it: what is kept of it is not tried.
        Agent.wait(lambda: self.agent.changes("turning") == ["refused"], "withdrawn")
        self.assertFalse(page.evaluate(FILLED))
        self.assertEqual(site.posted("/password") + other.posted(), [])
        Agent.wait(lambda: [state for _, _, state in self.agent.vault("turning/")] == ["refused", "mustChange"], "not in force")

    def test_a_change_form_that_is_turned_by_its_own_button_is_not_sent(self):
        other = Site()
        site, _, _ = self.site("swapped", must_change=True)
        site.pages["/password"] = change_form() + f"""<script>
document.querySelector('button').addEventListener('click', () => {{ document.forms[0].action = '{other.origin}/take' }})</script>"""
        self.begun("swapped", site)
        Agent.wait(lambda: self.agent.asked("change", "swapped"), "asked")
        time.sleep(STILL)
        self.assertEqual(site.posted("/password") + other.posted(), [])

    def test_a_change_page_that_copies_its_fields_gets_them_only_by_the_form(self):
        site, old, new = self.site("copier", must_change=True)
        site.pages["/copy"] = "ok"
        site.pages["/password"] = change_form() + """<script>
const copy = (from) => { for (const field of document.querySelectorAll('input')) if (field.value) navigator.sendBeacon('/copy', from + field.value) }
for (const kind of ['input', 'change', 'keydown', 'keyup', 'focus', 'blur', 'beforeinput', 'select']) document.addEventListener(kind, () => copy(kind), true)
setInterval(() => copy('timer'), 0)
new MutationObserver(() => copy('mutation')).observe(document, { subtree: true, attributes: true, childList: true })
for (const kind of ['beforeunload', 'pagehide', 'visibilitychange', 'unload']) addEventListener(kind, () => copy(kind))
</script>"""
        page = self.begun("copier", site)
        page.wait("document.getElementById('changed')")
        self.assertEqual([fields(body) for body in site.posted("/password")], [{"current": old, "new": new, "again": new, "change": "1"}])
        time.sleep(STILL)
        self.assertEqual(site.posted("/copy"), [])
        page.evaluate("history.back()")
        page.wait("document.title !== 'changed'")
        self.assertFalse(page.evaluate(FILLED))
        stored = self.browser.worker(self.extension).evaluate(
            "Promise.all([chrome.storage.session.get(), chrome.storage.local.get()]).then(JSON.stringify)")
        self.assertIn("changed", stored)
        self.assertNotIn("Canary", stored)

    def test_a_page_nobody_was_led_to_gets_no_change(self):
        site, _, _ = self.site("uncalled")
        self.agent.changed()
        page = self.browser.open(site.origin + "/password")
        page.wait("document.getElementById('change')")
        time.sleep(STILL)
        self.assertEqual(self.agent.asked("change"), [])
        self.assertFalse(page.evaluate(FILLED))

    def test_only_the_exact_shape_of_a_change_is_taken(self):
        page = self.browser.open(f"chrome-extension://{self.extension}/popup.html")
        page.wait("document.body.dataset.session")
        good = {"kind": "change", "current": "a", "new": "b"}
        for message, is_taken in [
            (good, True), ({**good, "new": "x" * 256}, True), ({**good, "new": "x" * 257}, False), ({**good, "new": "a"}, False),
            ({**good, "new": ""}, False), ({**good, "current": 7}, False), ({**good, "more": ""}, False), ({"kind": "change"}, False),
            ({**good, "kind": "credential"}, False), (None, False), ([good], False),
        ]:
            found = page.evaluate(f"import('/definitions.js').then((taken) => taken.changeOf({json.dumps(message)}))")
            self.assertEqual(found is not None, is_taken, message)


if __name__ == "__main__":
    unittest.main()
