"""Replays the recorded HTTP exchanges."""
import hashlib
import unittest
import xmlrpc.client

from tests.compat import differences
from tests.compat.golden import GoldenTest, add_line_tests, records
from tests.support.wire import Connection

LINES = records("http.jsonl")
# Written when a package is first seen: as old as the tree in the recording, newer here.
GENERATED = "MD5SUMS"
# Longer bodies were cut when they were recorded.
RECORDED_BODY_LIMIT = 400


def is_html_page(line):
    """Pages are compared by status: their text is ours."""
    return line.get("body", "").startswith(("<html page", "<traceback page"))


class RecordedExchanges(GoldenTest):
    """One test for each recorded exchange."""

    def exchange(self, line):
        """Sends the recorded bytes; returns the answer (after 100, the one that follows it)."""
        request = self.fill_in(line["request"]["text"])
        with Connection(self.server) as connection:
            connection.send(request)
            answer = connection.read_answer(head_only=request.startswith("HEAD "))
            if answer is not None and answer.status == 100:
                self.assertTrue(line["status"].startswith("HTTP/1.1 100"))
                answer = connection.read_answer()
            if answer is not None:
                self.assertNotIn("set-cookie", answer.headers)
            return answer

    def replay(self, line):
        answer = self.exchange(line)
        difference = next((d for d in differences.HTTP if d.covers(line)), None)
        if difference:
            self.check_difference(answer, difference.answer)
        elif not line["status"]:
            # The recorded server closed without a word; an error's status is as good.
            self.assertTrue(answer is None or answer.status >= 400, answer)
        else:
            self.check_equal(line, answer)

    def check_difference(self, answer, expected):
        self.assertIsNotNone(answer)
        self.assertEqual(expected.status, answer.status)
        for name, value in expected.headers.items():
            self.assertEqual(value, answer.headers.get(name), name)
        if expected.body is not None:
            self.assertEqual(expected.body.encode(), answer.body)

    def check_equal(self, line, answer):
        self.assertIsNotNone(answer)
        if line["status"].split()[1] == "100":
            recorded_status, recorded_headers = "HTTP/1.1 200 OK", ["Content-Type: text/xml"]
            recorded_body = line["body"].partition("\r\n\r\n")[2]
        else:
            recorded_status, recorded_headers = line["status"], line["headers"]
            recorded_body = line.get("body")
        self.assertEqual(recorded_status.split()[:2], [answer.version, str(answer.status)])
        self.check_headers(line, recorded_headers, answer)
        if not is_html_page(line):
            self.check_body(line, recorded_body, answer)

    def check_headers(self, line, recorded, answer):
        for field in recorded:
            name, _, value = self.fill_in(field).partition(": ")
            name = name.lower()
            page = is_html_page(line) or "text/html" in str(answer.headers.get("content-type"))
            if name in ("content-length", "content-type") and (page or self.is_call(line)):
                continue
            if name == "last-modified" and GENERATED in line["label"]:
                self.assertIn(name, answer.headers)
            else:
                self.assertEqual(value, answer.headers.get(name), name)

    @staticmethod
    def is_call(line):
        return "methodResponse" in line.get("body", "")

    def check_body(self, line, recorded, answer):
        if self.is_call(line):
            # White space between tags is ours: what a client decodes is compared.
            self.assertEqual(xmlrpc.client.loads(recorded), xmlrpc.client.loads(answer.body))
        elif "body_md5" in line:
            self.assertEqual(line["body_md5"], hashlib.md5(answer.body).hexdigest())
        elif line["request"]["text"].startswith("HEAD "):
            self.assertEqual(b"", answer.body)
        elif len(recorded) == RECORDED_BODY_LIMIT:
            self.assertEqual(recorded.encode(), answer.body[:RECORDED_BODY_LIMIT])
        elif answer.status < 400:
            self.assertEqual(recorded.encode(), answer.body)


add_line_tests(RecordedExchanges, LINES, RecordedExchanges.replay)


class DifferenceTable(unittest.TestCase):
    """The table of differences itself."""

    def test_every_entry_names_recorded_lines(self):
        labels = {line["label"] for line in LINES}
        for entry in differences.HTTP:
            self.assertLessEqual(set(entry.labels), labels, entry.reason)
