"""Pages of docs/ name tests that exist."""
import re
import unittest

from tests.support.server import ROOT


class NamedTests(unittest.TestCase):
    """Whatever a page says is tested has its test."""

    def assert_exist(self, references):
        for file, names in references:
            source = (ROOT / "tests" / file).read_text(encoding="utf-8")
            for name in names.split(", "):
                self.assertRegex(source, rf"(def|class) {name.strip()}\b", file)

    def assert_files_exist(self, page):
        files = re.findall(r"\b((?:unit|fuzz)/[\w/]+\.cpp)", page)
        self.assertGreater(len(files), 5)
        for file in files:
            self.assertTrue((ROOT / "tests" / file).is_file(), file)


class CompatibilityPage(NamedTests):
    """Each promise names the tests that show it."""

    def test_named_tests_exist(self):
        page = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
        promises = page.partition("## What is promised")[2].partition("\n## ")[0]
        references = re.findall(r"((?:compat|functional)/\w+\.py): ([\w, ]+)", promises)
        self.assertGreater(len(references), 15)
        self.assert_exist(references)
        self.assert_files_exist(page)


class SecurityPage(NamedTests):
    """Each input names the tests that try it."""

    def test_named_tests_exist(self):
        page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
        references = re.findall(r"((?:compat|functional)/\w+\.py): ([\w, ]+)", page)
        self.assertGreater(len(references), 25)
        self.assert_exist(references)
        self.assert_files_exist(page)

    def test_every_input_has_a_test(self):
        page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
        inputs = page.partition("## From the network")[2].partition("## Secrets")[0]
        rows = re.findall(r"^\| (?!input|whom|---)(.*) \|$", inputs, re.MULTILINE)
        self.assertGreater(len(rows), 15)
        for row in rows:
            self.assertRegex(row, r"(unit|fuzz|compat|functional)/\w+", row)
