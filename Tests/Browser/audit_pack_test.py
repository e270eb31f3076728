#!/usr/bin/env python3
"""The page that checks packs offline, opened from a disk in a real Chromium, beside the golden pack."""
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from support import ROOT  # noqa: E402
from browser import Browser  # noqa: E402

PAGE = "file://" + os.path.join(ROOT, "deploy", "audit-check.html")
KEY = "sanmon.city.example/lgwan+cc195c69+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
STRANGER = "sanmon.city.example/lgwan+016b594d+AUge3nctoVeFyeWaCGIBuMP5wwcSnj/G1/NKpN/tWBTl"
OVER = "!['none', 'running'].includes(document.getElementById('result').dataset.state)"


class AuditPackTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sanmon-pack-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.browser = Browser(os.path.join(cls.folder.name, "profile"))
        cls.addClassCleanup(cls.browser.close)
        with open(os.path.join(HERE, "golden.pack.html"), "rb") as file:
            cls.golden = file.read()

    def opened(self, pack, key=KEY):
        page = self.browser.open(PAGE)
        self.addCleanup(lambda: self.browser.call("Target.closeTarget", {"targetId": page.target}))
        page.wait("document.getElementById('result')")
        if pack is not None:
            path = os.path.join(self.folder.name, "pack.html")
            with open(path, "wb") as file:
                file.write(pack)
            # As a person chooses a file: the page gets nothing but the file.
            root = page.call("DOM.getDocument")["root"]["nodeId"]
            node = page.call("DOM.querySelector", {"nodeId": root, "selector": "#file"})["nodeId"]
            page.call("DOM.setFileInputFiles", {"nodeId": node, "files": [path]})
        page.evaluate("document.getElementById('key').focus()")
        page.type(key)
        page.press("Tab")
        self.assertEqual(page.evaluate("document.activeElement.id"), "check")
        page.press("Enter")
        return page

    def checked(self, pack, key=KEY):
        """State, verdict and findings in Japanese."""
        page = self.opened(pack, key)
        page.wait(OVER, 30)
        return (
            page.evaluate("document.getElementById('result').dataset.state"),
            page.evaluate("document.getElementById('verdict').textContent"),
            page.evaluate("[...document.querySelectorAll('#findings > li')].map((one) => one.firstChild.textContent)"))

    def lines(self):
        return self.golden.split(b"\n")[:-1]

    def test_a_sound_pack_is_told_with_its_facts(self):
        page = self.opened(self.golden)
        page.wait(OVER, 30)
        self.assertEqual(page.evaluate("document.getElementById('verdict').textContent"), "欠落・改変なし")
        facts = page.evaluate("document.getElementById('facts').innerText")
        for part in ("sanmon.city.example/lgwan", "2026-04-01T08:36:20.000+09:00 – 2026-04-01T08:40:20.000+09:00", "audit-01", "四半期監査 <1>"):
            self.assertIn(part, facts)
        self.assertEqual(page.evaluate("document.getElementById('result').dataset.state"), "sound")

    def test_a_byte_of_a_row_names_the_row(self):
        lines = self.lines()
        at = lines[26].index(b'data-bytes="') + 60
        other = b"A" if lines[26][at:at + 1] != b"A" else b"B"
        lines[26] = lines[26][:at] + other + lines[26][at + 1:]
        self.assertEqual(
            self.checked(b"\n".join(lines) + b"\n"), ("damaged", "信用できません（異常 1 件）", ["5 件目が改変されています"]))

    def test_words_that_say_other_than_the_bytes(self):
        changed = self.golden.replace(b"note=row 5", b"note=row 6")
        self.assertEqual(self.checked(changed)[2], ["5 件目の表示が改変されています"])

    def test_a_row_that_was_dropped_is_missing(self):
        lines = self.lines()
        del lines[25]
        self.assertEqual(self.checked(b"\n".join(lines) + b"\n")[2], ["4 件目が欠落しています"])

    def test_rows_that_were_exchanged(self):
        lines = self.lines()
        lines[25], lines[26] = lines[26], lines[25]
        self.assertEqual(self.checked(b"\n".join(lines) + b"\n")[2], ["4 件目の順序が正しくありません"])

    def test_cut_off_and_added_to(self):
        self.assertEqual(self.checked(self.golden[:-1])[2], ["ファイルが 39 行目で切れています"])
        self.assertEqual(self.checked(self.golden + b"x")[2], ["ファイルの末尾に付け足されたものがあります"])
        self.assertEqual(self.checked(b"PK\x03\x04")[2], ["監査パックではありません"])

    def test_another_key(self):
        self.assertEqual(self.checked(self.golden, STRANGER)[2], ["チェックポイントの署名が、この鍵によるものではありません"])

    def test_what_is_missing_is_asked_for(self):
        for pack, key, said in ((self.golden, "x", "検証鍵を読み取れません"), (None, KEY, "監査パックを選んで")):
            page = self.opened(pack, key)
            page.wait(f"document.getElementById('verdict').textContent.includes('{said}')")

    def test_a_browser_without_the_signature_never_calls_it_sound(self):
        page = self.browser.open(PAGE)
        page.wait("document.getElementById('result')")
        page.evaluate("void (crypto.subtle.importKey = () => Promise.reject(new DOMException('', 'NotSupportedError')))")
        path = os.path.join(self.folder.name, "pack.html")
        with open(path, "wb") as file:
            file.write(self.golden)
        root = page.call("DOM.getDocument")["root"]["nodeId"]
        node = page.call("DOM.querySelector", {"nodeId": root, "selector": "#file"})["nodeId"]
        page.call("DOM.setFileInputFiles", {"nodeId": node, "files": [path]})
        page.evaluate(f"document.getElementById('key').value = '{KEY}'")
        page.evaluate("document.getElementById('check').click()")
        page.wait(OVER, 30)
        self.assertEqual(page.evaluate("document.getElementById('result').dataset.state"), "unsigned")

    def test_the_page_reaches_nothing(self):
        page = self.opened(self.golden)
        page.wait(OVER, 30)
        self.assertEqual(page.evaluate("performance.getEntriesByType('resource').length"), 0)
        # Its own policy forbids it, from a disk too.
        self.assertTrue(page.evaluate("fetch('http://127.0.0.1:1/').then(() => false, () => true)"))
        for element in ("file", "key"):
            self.assertTrue(page.evaluate(f"document.getElementById('{element}').labels.length"), element)

    def test_the_pack_itself_is_a_page_without_scripts(self):
        path = os.path.join(self.folder.name, "shown.html")
        with open(path, "wb") as file:
            file.write(self.golden)
        page = self.browser.open("file://" + path)
        page.wait("document.querySelectorAll('p[id]').length === 7")
        self.assertIn("note=失効 <b>&<U+202E><U+000D><U+000A><U+0000> 髙𠮷", page.evaluate("document.getElementById('r4').textContent"))
        self.assertEqual(page.evaluate("document.scripts.length"), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
