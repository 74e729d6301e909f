# SPDX-License-Identifier: Apache-2.0
"""The disk that forgets, itself: what is promised stays, what is not may go."""

import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import unittest

from lossy_disk import LIBRARY, Disk

# What the process under the double does; `sync` makes durable a file or a folder.
PRELUDE = """
import os
def sync(path):
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    os.close(fd)
def write(path, data, flags=os.O_CREAT, at=None):
    fd = os.open(path, os.O_WRONLY | flags, 0o644)
    if at is None:
        os.write(fd, data)
    else:
        os.pwrite(fd, data, at)
    os.close(fd)
"""


class LossyDisk(unittest.TestCase):
    def setUp(self):
        self.assertTrue(LIBRARY and os.path.exists(LIBRARY), "NEWSWIRE_LOSSY_DISK names no shared object")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="newswire-disk-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / "root").mkdir()
        self.disk = Disk(self.folder / "root", self.folder / "journal")

    def after(self, program, how, seed=1, cut=0, before=None):
        """The files, with their content, after the program ran and the power went."""
        shutil.rmtree(self.disk.root)
        self.disk.root.mkdir()
        for name, data in (before or {}).items():
            (self.disk.root / name).write_bytes(data)
        self.disk.begin()
        out = subprocess.run([sys.executable, "-c", PRELUDE + program], cwd=self.disk.root,
                             env={**os.environ, **self.disk.environment(cut)}, timeout=60, check=False)
        self.assertIn(out.returncode, (0, -9))
        self.disk.read_journal()
        self.assertEqual(self.disk.differences(), [])
        self.disk.power_loss(random.Random(seed), how)
        return {str(p.relative_to(self.disk.root)): p.read_bytes() for p in self.disk.root.rglob("*") if p.is_file()}

    def test_unsynced_content_is_forgotten(self):
        program = "write('a', b'x' * 1000); sync('.')"
        self.assertEqual(self.after(program, "least"), {"a": b""})
        self.assertEqual(self.after(program, "most"), {"a": b"x" * 1000})

    def test_synced_content_without_a_name_is_forgotten(self):
        program = "write('a', b'x'); sync('a')"
        self.assertEqual(self.after(program, "least"), {})
        self.assertEqual(self.after(program + "; sync('.')", "least"), {"a": b"x"})

    def test_a_rename_is_forgotten_until_its_folder_is_synced(self):
        program = "write('a.new', b'new'); sync('a.new'); os.rename('a.new', 'a')"
        self.assertEqual(self.after(program, "least", before={"a": b"old"}), {"a": b"old"})
        self.assertEqual(self.after(program + "; sync('.')", "least", before={"a": b"old"}), {"a": b"new"})

    def test_a_rename_may_outrun_the_content(self):
        program = "write('a.new', b'new'); os.rename('a.new', 'a')"
        self.assertEqual(self.after(program, "names", before={"a": b"old"}), {"a": b""})

    def test_an_unsynced_removal_may_come_back(self):
        self.assertEqual(self.after("os.unlink('a')", "least", before={"a": b"old"}), {"a": b"old"})
        self.assertEqual(self.after("os.unlink('a'); sync('.')", "least", before={"a": b"old"}), {})

    def test_a_folder_is_forgotten_with_all_that_is_in_it(self):
        program = "os.mkdir('d'); write('d/a', b'x'); sync('d/a'); sync('d')"
        self.assertEqual(self.after(program, "least"), {})
        self.assertEqual(self.after(program + "; sync('.')", "least"), {"d/a": b"x"})

    def test_names_change_in_any_order(self):
        program = "write('a', b''); write('b', b''); write('c', b'')"
        seen = {frozenset(self.after(program, "any", seed)) for seed in range(40)}
        self.assertIn(frozenset({"c"}), seen)  # the last one without those before it
        self.assertIn(frozenset({"a", "b"}), seen)

    def test_writes_are_torn_at_sectors(self):
        program = "write('a', b'n' * 2048, 0, 0)"
        seen = {self.after(program, "any", seed, before={"a": b"o" * 2048})["a"] for seed in range(40)}
        self.assertTrue(all(len(set(data[i:i + 512])) == 1 for data in seen for i in range(0, 2048, 512)))
        self.assertTrue(any(b"no" in data and b"on" in data for data in seen))

    def test_what_grew_and_was_not_written_holds_zeros(self):
        program = "write('a', b'n' * 2048, 0, 512)"
        seen = {self.after(program, "any", seed, before={"a": b"o" * 512})["a"] for seed in range(40)}
        self.assertTrue(any(b"\0" * 512 in data and b"n" * 512 in data for data in seen))

    def test_the_cut_comes_before_the_change(self):
        program = "write('a', b'1'); write('b', b'2'); write('c', b'3')"
        self.assertEqual(self.after(program, "most", cut=3), {"a": b"1"})

    def test_what_is_not_modelled_aborts(self):
        self.disk.begin()
        for program in ("os.link('a', 'b')", "open('a', 'ab').close(); os.truncate('a', 0)"):
            out = subprocess.run([sys.executable, "-c", PRELUDE + "write('a', b'x'); " + program], cwd=self.disk.root,
                                 env={**os.environ, **self.disk.environment()}, capture_output=True, timeout=60)
            self.assertEqual(out.returncode, -6, out)
            self.assertIn(b"is not modelled", out.stderr)


if __name__ == "__main__":
    unittest.main()
