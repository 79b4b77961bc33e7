#!/usr/bin/env python3
"""Runs a suite of the Python tests: run_python.py compat|functional [--only WORD] [--counts FILE]

--only takes the modules whose name contains WORD; --counts writes "PASSED FAILED" to FILE;
--jobs runs so many modules at the same time, each in a process of its own.
"""
import argparse
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile
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


def modules(suite, word):
    """The test module of that name, or else those of the suite whose names contain the word."""
    names = [path.stem for path in sorted((ROOT / "tests" / suite).glob("test_*.py"))]
    return [word] if word in names else [name for name in names if word in name]


def run_here(suite, names):
    """Runs the modules one after the other: (passed, failed)."""
    tests = unittest.TestSuite()
    for name in names:
        tests.addTests(unittest.TestLoader().loadTestsFromName(f"tests.{suite}.{name}"))
    result = unittest.TextTestRunner(resultclass=CountingResult, stream=sys.stdout).run(tests)
    for seconds, name in sorted(result.times, reverse=True)[:3]:
        print(f"{seconds:6.1f} s  {name}")
    return result.passed(), result.failed()


def run_apart(suite, name):
    """Runs one module in a process of its own: (what it printed, passed, failed). A process that
    ends without having counted is one failure."""
    with tempfile.NamedTemporaryFile("r", encoding="ascii") as counts:
        run = subprocess.run(
            [sys.executable, __file__, suite, "--only", name, "--counts", counts.name],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        passed, failed = (int(number) for number in (counts.read() or "0 1").split())
    return run.stdout, passed, failed


def run_side_by_side(suite, names, jobs):
    """Runs `jobs` modules at a time: (passed, failed)."""
    passed = failed = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as workers:
        runs = [workers.submit(run_apart, suite, name) for name in names]
        for run in concurrent.futures.as_completed(runs):
            output, *counts = run.result()
            print(output, end="", flush=True)
            passed += counts[0]
            failed += counts[1]
    return passed, failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("suite")
    parser.add_argument("--only", default="")
    parser.add_argument("--counts")
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()

    names = modules(arguments.suite, arguments.only)
    if arguments.jobs > 1:
        passed, failed = run_side_by_side(arguments.suite, names, arguments.jobs)
    else:
        passed, failed = run_here(arguments.suite, names)
    print(f"{arguments.suite}: {passed} passed, {failed} failed")
    if arguments.counts:
        pathlib.Path(arguments.counts).write_text(f"{passed} {failed}\n", encoding="ascii")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
