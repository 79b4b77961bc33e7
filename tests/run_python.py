#!/usr/bin/env python3
"""Runs a suite of the Python tests: run_python.py compat|functional [--only WORD] [--counts FILE]

--only takes the modules whose name contains WORD; --counts writes "PASSED FAILED" to FILE.
"""
import argparse
import pathlib
import sys
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


class CountingResult(unittest.TextTestResult):
    """Prints one line for each failure at once, and the slowest tests at the end."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.dots = False
        self.times = []
        self.begin = 0.0

    def startTest(self, test):
        self.begin = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        self.times.append((time.monotonic() - self.begin, test.id()))
        super().stopTest(test)

    def failed(self):
        return len(self.failures) + len(self.errors) + len(self.unexpectedSuccesses)

    def passed(self):
        failed_tests = {test.id().split(" ")[0] for test, _ in self.failures + self.errors}
        left_out = len(self.skipped) + len(self.expectedFailures)
        return self.testsRun - left_out - len(failed_tests & {name for _, name in self.times})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("suite")
    parser.add_argument("--only", default="")
    parser.add_argument("--counts")
    arguments = parser.parse_args()

    suite = unittest.TestSuite()
    loader = unittest.TestLoader()
    for path in sorted((ROOT / "tests" / arguments.suite).glob("test_*.py")):
        if arguments.only in path.stem:
            suite.addTests(loader.loadTestsFromName(f"tests.{arguments.suite}.{path.stem}"))
    result = unittest.TextTestRunner(resultclass=CountingResult, stream=sys.stdout).run(suite)
    for seconds, name in sorted(result.times, reverse=True)[:3]:
        print(f"{seconds:6.1f} s  {name}")
    print(f"{arguments.suite}: {result.passed()} passed, {result.failed()} failed")
    if arguments.counts:
        pathlib.Path(arguments.counts).write_text(
            f"{result.passed()} {result.failed()}\n", encoding="ascii")
    return 1 if result.failed() or not result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
