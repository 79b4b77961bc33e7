"""Replays the recorded XML-RPC calls of the reading side."""
import http.client
import unittest
import xmlrpc.client
from xml.parsers.expat import ExpatError

from tests.compat import differences
from tests.compat.golden import GoldenTest, add_line_tests, records, with_members

LINES = records("read-rpc.jsonl")
# Which machine got which was arbitrary in the recording: any of these is right.
CHOSEN = {
    ("/rpc", "getMirror"): "mirror", ("/rpc", "getFallbackMirror"): "mirror",
    ("/rpc", "getMirrors"): "mirror", ("/rpc", "getFallbackMirrors"): "mirror",
    ("/scheduler_api", "getScheduler"): "scheduler",
    ("/scheduler_api", "getSchedulers"): "scheduler",
}


def typed(value):
    """A form in which 1, 1.0 and True differ, and the order of packages and files does not count."""
    if isinstance(value, dict):
        return {name: typed(item) for name, item in value.items()}
    if isinstance(value, list):
        items = [typed(item) for item in value]
        if items and all(isinstance(item, dict) and "id" in item for item in value):
            items.sort(key=lambda item: item["id"])
        return items
    return type(value).__name__, value


class ReadingCalls(GoldenTest):
    """One test for each recorded call."""

    maxDiff = 4000

    def call(self, line):
        """Sends the recorded call; returns the HTTP status and the decoded answer or fault."""
        if "request_xml" in line:
            body = line["request_xml"]
        elif line["method"]:
            body = xmlrpc.client.dumps(tuple(self.fill_in(line["params"])), line["method"],
                                       allow_none=True)
        else:
            body = ""
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request("POST", line["mount"], body.encode(), {"Content-Type": "text/xml"})
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            return answer.status, None
        self.assertEqual("text/xml", answer.headers["Content-Type"])
        self.assertTrue(content.startswith(b"<?xml version='1.0'?>"), content[:60])
        try:
            return 200, xmlrpc.client.loads(content)[0][0]
        except xmlrpc.client.Fault as fault:
            return 200, differences.Fault(fault.faultCode)
        except ExpatError as error:
            raise AssertionError(f"not XML ({error}): {content[:300]!r}") from error

    def check_failure(self, line, answer):
        """A failure is compared by kind and method, not by its wording."""
        self.assertIsInstance(answer, dict, answer)
        self.assertEqual({"faultCode", "faultString", "faultTraceback"}, set(answer))
        for text in answer.values():
            self.assertIsInstance(text, str)
        self.assertTrue(answer["faultCode"].endswith(" "), answer)
        self.assertEqual(line["method"], answer["faultString"].split(" ")[0])

    def check_chosen(self, line, answer):
        """Compares an assignment: somebody of those that may be chosen."""
        if CHOSEN[line["mount"], line["method"]] == "mirror":
            candidates = [self.fill_in(dict(differences.API_RECORD, mountpoint=f"/mirror{i}",
                                            uuid=f"UUID/mirror{i}")) for i in (1, 2)]
        else:
            candidates = ["scheduler_01", "scheduler_02"]
        if isinstance(line["answer"], list):
            self.assertIsInstance(answer, list)
            self.assertEqual(len(line["answer"]), len(answer))
            for item in answer:
                self.assertIn(item, candidates)
        else:
            self.assertIn(answer, candidates)

    def replay(self, line):
        status, answer = self.call(line)
        difference = next((d for d in differences.RPC if d.covers(line)), None)
        if difference:
            self.check_difference(line, status, answer, difference)
        elif line["status"] != 200:
            self.assertEqual((line["status"], None), (status, answer))
        elif isinstance(line["answer"], dict) and "FAILURE" in line["answer"]:
            self.assertEqual(200, status)
            self.check_failure(line, answer)
        elif (line["mount"], line["method"]) in CHOSEN:
            self.check_chosen(line, answer)
        else:
            self.assertEqual(200, status)
            expected = self.fill_in(with_members(line["answer"], differences.PACKAGE_MEMBERS))
            self.assertEqual(typed(expected), typed(answer))

    def check_difference(self, line, status, answer, difference):
        if isinstance(difference.answer, differences.Recorded):
            ours = with_members(line["answer"], differences.PACKAGE_MEMBERS)
            expected = with_members(ours, difference.answer.members)
            self.assertEqual((200, typed(self.fill_in(expected))), (status, typed(answer)))
        elif isinstance(difference.answer, differences.Status):
            self.assertEqual(difference.answer.status, status)
        elif isinstance(difference.answer, differences.Failure):
            self.assertTrue(answer["faultCode"].startswith(difference.answer.kind + ":"), answer)
        elif isinstance(difference.answer, differences.Fault):
            self.assertEqual(difference.answer, answer)
        else:
            self.assertEqual(typed(self.fill_in(difference.answer)), typed(answer))


add_line_tests(ReadingCalls, LINES, ReadingCalls.replay)


class DifferenceTable(unittest.TestCase):
    """The table of differences itself."""

    def test_every_entry_names_recorded_lines(self):
        for entry in differences.RPC:
            for label in entry.labels:
                self.assertTrue(
                    any(line["label"] == label and entry.covers(line) for line in LINES), entry)

    def test_no_entry_repeats_what_was_recorded(self):
        for entry in differences.RPC:
            for line in filter(entry.covers, LINES):
                self.assertNotEqual(entry.answer, line["answer"], entry)
