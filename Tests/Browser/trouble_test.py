#!/usr/bin/env python3
"""What does not work is said: what, where, and what to do next; and the agent that is a moment behind. In a real Chromium."""
import json
import os
import re
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from support import CHANGE, Agent, PasswordSite, Site, application, login_form  # noqa: E402
from browser import Browser  # noqa: E402
from browser_case import EXTENSION, STILL, BrowserCase  # noqa: E402

NOT_RUNNING = {"kind": "fault", "code": "AG65", "ja": "常駐エージェントが動いていません。起動してください。", "en": "The watch does not run."}
# The page is given four seconds for its form, and ten for a sign.
FORM, SIGN = 8, 14


class TroubleTest(BrowserCase):
    def popup(self):
        popup = self.browser.open(f"chrome-extension://{self.extension}/popup.html")
        popup.wait("document.body.dataset.isRenewed", 15)
        return popup

    def text(self):
        popup = self.popup()
        text = popup.evaluate("document.body.innerText")
        popup.close()
        return text

    def badge(self):
        return self.browser.worker(self.extension).evaluate("chrome.action.getBadgeText({})")

    def misfit(self, definition, page):
        """What the popup says of a page that is not as declared; nothing is asked for."""
        site = Site()
        site.pages["/login"] = page
        identifier = f"misfit-{time.monotonic_ns()}"
        self.offer(application(identifier, site.origin, **definition), self.canary())
        self.agent.changed()
        self.assertEqual(self.badge(), "")
        self.browser.open(site.origin + "/login")
        Agent.wait(lambda: self.badge() == "!", "the badge", FORM)
        text = self.text()
        self.assertIn(site.origin + "/login", text)
        self.assertIn(f"情報システム担当へご連絡ください：定義「{identifier}」", text)
        self.assertEqual((self.agent.asked("release"), site.posted()), ([], []))
        return text

    # --- a definition that does not fit the page

    def test_a_form_that_is_not_there(self):
        self.assertIn("「フォーム form: #renamed」が見つかりません", self.misfit({"form": "#renamed"}, login_form()))

    def test_a_field_that_is_not_there(self):
        self.assertIn("「利用者名の欄 user: [name=usr]」が見つかりません", self.misfit({"user": "[name=usr]"}, login_form()))

    def test_a_button_that_is_not_there(self):
        self.assertIn("「サインインのボタン submit: [name=go]」が見つかりません", self.misfit({"submit": "[name=go]"}, login_form()))

    def test_a_field_that_is_there_twice(self):
        page = login_form(more='<input type="password" name="password">')
        self.assertIn("「パスワードの欄 password: [name=password]」が二つ以上あります", self.misfit({}, page))

    def test_a_field_of_another_kind(self):
        page = login_form().replace('type="password"', 'type="text"')
        self.assertIn("「パスワードの欄 password: [name=password]」が、別の種類の部品か", self.misfit({}, page))

    def test_a_form_that_is_sent_elsewhere(self):
        self.assertIn("よそへ、または URL に載せて送られます", self.misfit({}, login_form("https://other.example/")))

    def test_in_english_too(self):
        agent = Agent(self.path("agent-en"))
        site = Site()
        site.pages["/login"] = login_form()
        agent.applications = [
            {**application("english", site.origin, user="[name=usr]"), "owners": [
                {"owner": "p-000007", "name": "Yamada", "account": "", "until": 1_798_470_000_000}]}]
        agent.write()
        os.environ["SANMON_STUB"] = agent.folder
        self.addCleanup(os.environ.__setitem__, "SANMON_STUB", self.agent.folder)
        with Browser(self.path("profile-en"), language="en") as browser:
            browser.allow_host("jp.sanmon.agent", os.path.join(os.path.dirname(os.path.abspath(__file__)), "agent_stub.py"), self.extension)
            browser.load_extension(EXTENSION)
            Agent.wait(lambda: agent.asked("state"), "the extension asks its host")
            browser.open(site.origin + "/login")
            worker = browser.worker(self.extension)
            Agent.wait(lambda: worker.evaluate("chrome.action.getBadgeText({})") == "!", "the badge", FORM + 5)
            popup = browser.open(f"chrome-extension://{self.extension}/popup.html")
            popup.wait("document.body.dataset.isRenewed")
            text = popup.evaluate("document.body.innerText")
        self.assertIn("there is no field for the name user: [name=usr]", text)
        self.assertIn("mend the definition “english” after this page and publish it again", text)
        self.assertIn("Open for Yamada (deputy)", text)
        self.assertIn("p-000007, until December 28, with your own card", text)

    def test_a_form_that_a_script_builds_late_is_filled(self):
        site = Site()
        form = json.dumps(login_form())
        site.pages["/login"] = f"<!doctype html><script>setTimeout(() => document.body.innerHTML = {form}, 1500)</script><body>"
        site.pages["/enter"] = (303, {"Location": "/"}, "")
        site.pages["/"] = "<!doctype html><title>in</title>in"
        self.offer(application("built", site.origin), self.canary())
        self.agent.changed()
        self.browser.open(site.origin + "/login")
        Agent.wait(lambda: self.agent.outcomes("built") == ["accepted"], "signed in")
        self.assertEqual(self.badge(), "")

    def test_a_mended_definition_ends_it_on_the_page_that_waits(self):
        site = Site()
        site.pages["/login"] = login_form()
        site.pages["/enter"] = (303, {"Location": "/"}, "")
        site.pages["/"] = "<!doctype html><title>in</title>in"
        self.offer(application("mended", site.origin, user="[name=usr]"), self.canary())
        self.agent.changed()
        page = self.browser.open(site.origin + "/login")
        Agent.wait(lambda: self.badge() == "!", "the badge", FORM)
        self.agent.applications[0]["user"] = "[name=user]"
        self.agent.changed()
        page.wait("document.title === 'in'")
        Agent.wait(lambda: self.badge() == "", "the badge is gone")

    def test_what_a_page_says_is_a_part_of_the_definition_or_nothing(self):
        for part, why in [("<b>", "none"), ("accounts", "none"), ("nameJa", "none"), ("form", "<b>"), ("__proto__", "none"), (["form"], "none")]:
            page = self.popup()
            found = page.evaluate(f"""(async () => {{
                const taken = await import('/troubles.js')
                const memory = {{ misfits: {{}}, blocked: {{}}, notes: {{}}, silent: {{}}, over: {{}} }}
                const known = {json.dumps(application("a", "https://a.example"))}
                await taken.misfit({json.dumps({"part": part, "why": why})}, known, {{ url: 'https://a.example/login' }}, memory).catch(() => {{}})
                return Object.keys(memory.misfits).length
            }})()""")
            self.assertEqual(found, 0, (part, why))
            page.close()

    # --- a definition that was changed after it was published

    def test_a_definition_that_is_not_the_published_one(self):
        site = Site()
        site.pages["/login"] = login_form()
        self.offer(application("changed-file", site.origin, isPublished=False), self.canary())
        self.agent.changed()
        self.browser.open(site.origin + "/login")
        Agent.wait(lambda: self.badge() == "!", "the badge")
        text = self.text()
        self.assertIn("定義「changed-file」が、公開されたものと違うため、サインインしません", text)
        self.assertIn("sanmon application publish", text)
        time.sleep(STILL)
        self.assertEqual((self.agent.asked("release"), site.posted()), ([], []))
        # Published again, and the popup opened: the page that waits is signed in.
        self.agent.applications[0]["isPublished"] = True
        self.agent.write()
        self.text()
        Agent.wait(lambda: site.posted("/enter"), "signed in")

    # --- a page that never shows a sign

    def signless(self, identifier):
        site = Site()
        site.pages["/login"] = login_form()
        site.pages["/enter"] = (303, {"Location": "/welcome"}, "")
        site.pages["/welcome"] = "<!doctype html><title>welcome</title>"
        self.offer(application(identifier, site.origin), self.canary())
        self.agent.changed()
        page = self.browser.open(site.origin + "/login")
        page.wait("document.title === 'welcome'")
        Agent.wait(lambda: self.badge() == "!", "the badge", SIGN)
        text = self.text()
        self.assertIn(f"{site.origin}/welcome の画面に、成功の印も失敗の印も出ませんでした", text)
        self.assertIn(f"定義「{identifier}」の success と failure", text)
        return site, page

    def test_a_page_without_a_sign_is_told_and_a_late_sign_still_counts(self):
        site, page = self.signless("signless")
        page.evaluate("void document.body.insertAdjacentHTML('beforeend', '<p id=login-failed>no</p>')")
        Agent.wait(lambda: self.agent.outcomes("signless") == ["refused"], "a late sign")
        self.assertNotIn("成功の印も失敗の印も", self.text())

    def test_a_minute_without_a_sign_ends_the_try_and_it_is_not_repeated_by_itself(self):
        site, page = self.signless("endless")
        # The clock is put forward where it stands written: in the memory from which another worker begins.
        worker = self.browser.worker(self.extension)
        worker.evaluate("""chrome.storage.session.get('memory').then(({ memory }) => {
            for (const trial of Object.values(memory.trials)) trial.since -= 61_000
            return chrome.storage.session.set({ memory })
        })""")
        page.call("ServiceWorker.enable")
        page.call("ServiceWorker.stopAllWorkers")
        time.sleep(0.5)
        self.assertIn("/welcome の画面に、成功の印も失敗の印も出ませんでした", self.text())
        blocked = self.browser.worker(self.extension).evaluate("chrome.storage.session.get('memory').then(({ memory }) => memory.blocked)")
        self.assertEqual(blocked, {"endless/": "unclear"})
        page.go(site.origin + "/login")
        time.sleep(STILL)
        self.assertEqual((len(self.agent.asked("release")), self.agent.outcomes("endless")), (1, []))
        popup = self.popup()
        popup.evaluate("document.querySelector('li button').click()")
        Agent.wait(lambda: len(self.agent.asked("release")) == 2, "the person's own word")

    def test_a_button_that_does_nothing_is_told(self):
        site = Site()
        site.pages["/login"] = login_form() + "<script>document.getElementById('login').addEventListener('submit', (event) => event.preventDefault())</script>"
        self.offer(application("dead", site.origin), self.canary())
        self.agent.changed()
        self.browser.open(site.origin + "/login")
        Agent.wait(lambda: self.agent.asked("release"), "asked")
        Agent.wait(lambda: self.badge() == "!", "the badge", SIGN)
        self.assertIn(f"{site.origin}/login の画面に、成功の印も失敗の印も出ませんでした", self.text())
        self.assertEqual(site.posted(), [])

    def test_the_form_that_changes_passwords_is_told_too(self):
        site = PasswordSite("old-one", must_change=True)
        self.agent.applications = [application("change-misfit", site.origin, change={**CHANGE, "again": "[name=repeat]"})]
        self.agent.credentials["change-misfit/"] = {
            "user": "hanako", "isDue": False, "next": ["Canary-new"], "versions": [{"number": 1, "password": "old-one", "state": "current"}]}
        self.agent.changed()
        self.browser.open(site.origin + "/login")
        Agent.wait(lambda: self.agent.outcomes("change-misfit") == ["mustChange"], "has to be changed")
        time.sleep(FORM)
        self.assertIn("「新しいパスワード（確認）の欄 again: [name=repeat]」が見つかりません", self.text())
        self.assertEqual(self.agent.asked("change"), [])

    # --- the agent

    def test_an_agent_that_is_a_moment_behind_is_waited_for(self):
        worker = self.browser.worker(self.extension)
        self.agent._put("state.json", NOT_RUNNING)
        self.agent.end()
        Agent.wait(lambda: worker.evaluate("chrome.alarms.get('connect').then((alarm) => alarm !== undefined)"), "it is gone")
        popup = self.browser.open(f"chrome-extension://{self.extension}/popup.html")
        self.assertTrue(popup.wait("document.body.innerText.includes('接続しています')", 2))
        time.sleep(STILL)
        self.assertEqual(popup.evaluate("document.body.dataset.session"), "connecting")
        self.agent.write()
        popup.wait("document.body.innerText.includes('ログオン中です')", 3)

    def test_an_agent_that_does_not_come_is_said_with_its_own_words(self):
        worker = self.browser.worker(self.extension)
        self.agent._put("state.json", NOT_RUNNING)
        self.agent.end()
        Agent.wait(lambda: worker.evaluate("chrome.alarms.get('connect').then((alarm) => alarm !== undefined)"), "it is gone")
        begun = time.monotonic()
        text = self.text()
        self.assertGreater(time.monotonic() - begun, 5, "not before it was looked for")
        self.assertIn("端末のエージェントが応答しません", text)
        self.assertIn(NOT_RUNNING["ja"], text)
        # And found again when it is there.
        self.agent.write()
        self.assertIn("ログオン中です", self.text())

    # --- the words

    def test_every_word_is_there_in_both_languages(self):
        folder = EXTENSION + "/_locales"
        words = {}
        for language in ("ja", "en"):
            with open(f"{folder}/{language}/messages.json", encoding="utf-8") as file:
                words[language] = json.load(file)
        self.assertEqual(words["ja"].keys(), words["en"].keys())
        for key, japanese in words["ja"].items():
            english = words["en"][key]
            self.assertEqual(japanese.get("placeholders"), english.get("placeholders"), key)
            for text in (japanese["message"], english["message"]):
                used = {name.lower() for name in re.findall(r"\$([A-Z]+)\$", text)}
                self.assertEqual(used, set(japanese.get("placeholders", {})), key)
        for script in ("popup.js", "register.js"):
            with open(f"{EXTENSION}/{script}", encoding="utf-8") as file:
                for key in re.findall(r'message\("([A-Za-z_]+)"', file.read()):
                    self.assertIn(key, words["ja"], f"{script}: {key}")


if __name__ == "__main__":
    unittest.main()
