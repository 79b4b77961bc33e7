"""The table of docs/compatibility.md names tests that exist."""
import re
import unittest

from tests.support.server import ROOT


class CompatibilityPage(unittest.TestCase):
    """Each promise names the tests that show it."""

    def test_named_tests_exist(self):
        page = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
        promises = page.partition("## What is promised")[2].partition("\n## ")[0]
        references = re.findall(r"((?:compat|functional)/\w+\.py): ([\w, ]+)", promises)
        self.assertGreater(len(references), 15)
        for file, names in references:
            source = (ROOT / "tests" / file).read_text(encoding="utf-8")
            for name in names.split(", "):
                self.assertRegex(source, rf"(def|class) {name.strip()}\b", file)
