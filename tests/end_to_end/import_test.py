# SPDX-License-Identifier: Apache-2.0
"""`newswired archive import` as a process: through a running daemon, without one, killed and run again."""

import os
import random
import signal
import socket
import stat
import subprocess
import unittest

from harness import BINARY, DEADLINE, EndToEnd, wait_for

PAGES = 150
SOURCE = {"id": "town", "kind": "jekyll", "url": "http://127.0.0.1:9/", "every": "1h"}


def record(kind, fields, block):
    lines = ["WARC/1.0", f"WARC-Type: {kind}", "WARC-Date: 2021-06-07T08:09:10Z",
             f"WARC-Record-ID: <urn:uuid:{random.randbytes(16).hex()}>"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + f"\r\nContent-Length: {len(block)}\r\n\r\n").encode() + block + b"\r\n\r\n"


def page(number):
    body = ("<!DOCTYPE html><html lang=en><head><meta charset=utf-8>"
            f"<title>News {number}</title></head><body><article><h1>News {number}</h1>"
            f"<p>{f'What happened in town number {number} on that day. ' * 5}</p></article></body></html>").encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return record("response", {"WARC-Target-URI": f"https://town.example/news/{number}.html",
                               "Content-Type": "application/http; msgtype=response"}, head + body)


class Import(EndToEnd):
    def setUp(self):
        super().setUp()
        self.warc = self.folder / "pages.warc"
        self.warc.write_bytes(record("warcinfo", {"Content-Type": "application/warc-fields"}, b"software: x\r\n") +
                              b"".join(page(n) for n in range(PAGES)))
        self.newswired = self.daemon([SOURCE])
        self.words = ["archive", "import", str(self.warc), "--source", "town", "--config", str(self.newswired.config)]

    def urls(self):
        """How often each page was published."""
        return sorted(e["url"] for e in self.newswired.events() if e["type"] == "post.published")

    def expect_each_once(self):
        wanted = sorted(f"https://town.example/news/{n}.html" for n in range(PAGES))
        wait_for(lambda: len(self.urls()) >= PAGES, f"{PAGES} events")
        self.assertEqual(self.urls(), wanted)

    def listens(self):
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.newswired.data / "control.sock")) == 0

    def start(self, **env):
        self.newswired.start(env=env)
        wait_for(self.listens, "a daemon at the control socket")

    def test_through_the_daemon_killed_and_run_again(self):
        self.start(NEWSWIRE_FAIL_POINT=f"control.append.before:{random.randrange(1, 10)}")
        broken = subprocess.run([BINARY, *self.words], capture_output=True, text=True, timeout=120)
        self.assertNotEqual(broken.returncode, 0, broken.stdout)
        self.assertEqual(self.newswired.process.wait(timeout=DEADLINE), -signal.SIGKILL)
        self.newswired.log.close()
        self.start()
        mode = self.newswired.data.joinpath("control.sock").stat().st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        for _ in range(4):  # the command dies in the middle
            env = dict(os.environ, NEWSWIRE_FAIL_POINT=f"archive.import.acknowledged:{random.randrange(1, 30)}")
            subprocess.run([BINARY, *self.words], capture_output=True, timeout=120, env=env)
        self.newswired.kill()  # the daemon dies; its socket stays
        self.assertFalse(self.listens())
        self.start()
        out = self.newswired.command(*self.words)
        self.assertRegex(out.stdout, r"^imported \d+ captures into town, ")
        again = self.newswired.command(*self.words)
        self.assertEqual(again.stdout, f"imported 0 captures into town, {PAGES} were known, 0 passed by\n")
        self.expect_each_once()
        self.newswired.stop()
        self.assertFalse(self.newswired.data.joinpath("control.sock").exists())

    def test_without_a_daemon_and_then_published_by_one(self):
        out = self.newswired.command(*self.words)
        self.assertEqual(out.stdout, f"imported {PAGES} captures into town, 0 were known, 0 passed by\n")
        verified = self.newswired.command("archive", "verify", "--config", str(self.newswired.config))
        self.assertIn(f"{PAGES} captures", verified.stdout)
        self.start()
        self.expect_each_once()

    def test_an_unknown_source_is_refused(self):
        words = [w if w != "town" else "twon" for w in self.words]
        out = self.newswired.command(*words, check=False)
        self.assertEqual(out.returncode, 2)
        self.assertIn("did you mean 'town'?", out.stderr)


if __name__ == "__main__":
    unittest.main()
