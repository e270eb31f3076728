"""What tests with the extension in a real Chromium share."""
import os
import tempfile
import unittest

from support import ROOT, Agent, SampleApplication
from browser import Browser, extension_id

EXTENSION = os.path.join(ROOT, "deploy", "extension")
# Looked for in everything that Chromium leaves behind.
CANARY = "Canary-7Qx-%d"
# How long nothing has to happen before it counts as not happening: sign-ins here take a tenth of it.
STILL = 1.5


class BrowserCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sanmon-browser-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.agent = Agent(cls.path("agent"))
        os.environ["SANMON_STUB"] = cls.agent.folder
        cls.ledger = SampleApplication("ledger", cls.path("ledger")).start()
        cls.addClassCleanup(cls.ledger.stop)
        cls.sanitiser = SampleApplication("sanitiser", cls.path("sanitiser")).start()
        cls.addClassCleanup(cls.sanitiser.stop)
        cls.browser = Browser(cls.path("profile"))
        cls.addClassCleanup(cls.browser.close)
        cls.extension = extension_id(EXTENSION)
        cls.browser.allow_host("jp.sanmon.agent", os.path.join(ROOT, "Tests", "Browser", "agent_stub.py"), cls.extension)
        assert cls.browser.load_extension(EXTENSION) == cls.extension
        Agent.wait(lambda: cls.agent.asked("state"), "the extension asks its host")
        cls.canaries = 0

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder.name, name)

    @classmethod
    def canary(cls):
        cls.canaries += 1
        return CANARY % cls.canaries

    @classmethod
    def tearDownClass(cls):
        # Chromium writes its files when it ends.
        cls.browser.close()
        # The search has to find what is there.
        planted = os.path.join(cls.path("profile"), "planted")
        with open(planted, "w", encoding="utf-16-le") as file:
            file.write(CANARY % 0)
        found = []
        for folder in (cls.path("profile"), cls.path("profile-tls"), cls.path("agent")):
            for place, _, names in os.walk(folder):
                for name in names:
                    if name == "credentials.json":
                        continue
                    with open(os.path.join(place, name), "rb") as file:
                        content = file.read()
                    if any(CANARY[:10].encode(encoding) in content for encoding in ("utf-8", "utf-16-le")):
                        found.append(os.path.join(place, name))
        assert found == [planted], f"a password was left in {found}"

    def setUp(self):
        # Every test begins with a session in which nothing was tried; cookies of earlier ones are gone.
        self.agent.push({"kind": "ended", "logoff": []})
        self.browser.call("Storage.clearCookies")
        empty = self.browser.open("about:blank")
        for target, _ in self.browser.pages():
            if target != empty.target:
                self.browser.call("Target.closeTarget", {"targetId": target})
        self.agent.applications, self.agent.credentials, self.agent.session = [], {}, "open"
        try:
            os.unlink(os.path.join(self.agent.folder, "asked.jsonl"))
        except FileNotFoundError:
            pass

    def offer(self, definition, password, user="hanako", account=""):
        self.agent.applications = [one for one in self.agent.applications if one["id"] != definition["id"]] + [definition]
        self.agent.credentials[f"{definition['id']}/{account}"] = [user, password]
