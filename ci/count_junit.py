#!/usr/bin/env python3
"""Prints "PASSED FAILED" of a JUnit report that ctest wrote."""
import sys
import xml.etree.ElementTree as ElementTree


def main():
    suite = ElementTree.parse(sys.argv[1]).getroot()
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    left_out = int(suite.get("skipped", 0)) + int(suite.get("disabled", 0))
    print(int(suite.get("tests", 0)) - failed - left_out, failed)


main()
