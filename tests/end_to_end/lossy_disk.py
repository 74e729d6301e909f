# SPDX-License-Identifier: Apache-2.0
"""A disk that forgets what was not synced.

A process runs with tests/support/lossy_disk.cc preloaded, which writes down all that it changes below one folder. From
that journal `Disk.power_loss` makes the folder as a disk may hold it after the power went: what POSIX promises, and of
everything else any part.

- A file holds what it held at its last fsync; later writes are there in any selection of whole sectors of 512 bytes;
  where a file grew and a sector was not written, it holds zeros.
- A folder has the entries it had at its own last fsync; later creations, renames and removals happened in any selection,
  each whole. An fsync of a file does not make its name durable.
"""

import os
import pathlib
import random
import shutil
import struct

SECTOR = 512
HEADER = struct.Struct("<cQQII")
LIBRARY = os.environ.get("NEWSWIRE_LOSSY_DISK", "")


class File:
    def __init__(self, data=b""):
        self.durable = bytearray(data)
        self.later = []  # since the last fsync: ("w", offset, bytes) or ("t", size)

    def sync(self):
        self.durable = self.after(lambda: True, lambda: True)
        self.later = []

    def after(self, happened, kept):
        """The content when of the later changes those happened, and of their sectors those were kept."""
        data = bytearray(self.durable)
        for kind, at, *rest in self.later:
            if not happened():
                continue
            if kind == "t":
                data = data[:at] if at <= len(data) else data + bytes(at - len(data))
                continue
            new = rest[0]
            if at + len(new) > len(data):
                data += bytes(at + len(new) - len(data))
            begin = at
            while begin < at + len(new):
                end = min((begin // SECTOR + 1) * SECTOR, at + len(new))
                if kept():
                    data[begin:end] = new[begin - at:end - at]
                begin = end
        return data


class Folder:
    def __init__(self):
        self.durable = {}  # name -> File or Folder
        self.later = []  # since the last fsync: ("add", name, node), ("drop", name), ("move", old, new, node)

    def sync(self):
        self.durable = self.after(lambda: True)
        self.later = []

    def after(self, happened):
        entries = dict(self.durable)
        for kind, name, *rest in self.later:
            if not happened():
                continue
            if kind == "add":
                entries[name] = rest[0]
            elif kind == "drop":
                entries.pop(name, None)
            else:
                entries.pop(name, None)
                entries[rest[0]] = rest[1]
        return entries


class Disk:
    """A folder that is looked at from its present content on. Everything in it counts as durable."""

    def __init__(self, root, journal):
        self.root = pathlib.Path(root)
        self.journal = pathlib.Path(journal)

    def environment(self, cut=0):
        """For the process to be looked at; it is killed before its `cut`-th change (0: never)."""
        return {"LD_PRELOAD": LIBRARY, "NEWSWIRE_LOSSY_ROOT": str(self.root),
                "NEWSWIRE_LOSSY_JOURNAL": str(self.journal), "NEWSWIRE_LOSSY_CUT": str(cut)}

    def begin(self):
        """Takes the folder's content as what is durable, before a process starts."""
        self.journal.unlink(missing_ok=True)
        self.inodes = {}
        self.top = self._load(self.root)
        self.live = {}  # by path, as a running process sees it
        self._name(self.root, self.top)

    def _load(self, path):
        if path.is_dir():
            node = Folder()
            node.durable = {child.name: self._load(child) for child in path.iterdir()}
        else:
            node = File(path.read_bytes())
        self.inodes[path.stat().st_ino] = node
        return node

    def _name(self, path, node):
        self.live[str(path)] = node
        node.path = str(path)
        if isinstance(node, Folder):
            for name, child in node.durable.items():
                self._name(path / name, child)

    def read_journal(self, ignored=lambda path: False):
        """Follows the changes that the process made. Call it once, when the process has ended. Syncs of files and folders
        whose path is `ignored` are taken as not made: what would a program lose that forgets them?"""
        self.ignored = ignored
        count = {}
        data = self.journal.read_bytes() if self.journal.exists() else b""
        at = 0
        while at + HEADER.size <= len(data):
            op, inode, number, one, two = HEADER.unpack_from(data, at)
            at += HEADER.size
            if at + one + two > len(data):
                break
            path, rest = data[at:at + one].decode(), data[at + one:at + one + two]
            at += one + two
            op = op.decode()
            count[op] = count.get(op, 0) + 1
            self._follow(op, inode, number, path, rest)
        return count

    def _follow(self, op, inode, number, path, rest):
        folder, name = self.live.get(os.path.dirname(path)), os.path.basename(path)
        if op in "cm":
            node = File() if op == "c" else Folder()
            self.inodes[inode] = self.live[path] = node
            node.path = path
            folder.later.append(("add", name, node))
        elif op == "w":
            self.inodes[inode].later.append(("w", number, rest))
        elif op == "t":
            self.inodes[inode].later.append(("t", number))
        elif op == "f":
            if not self.ignored(self.inodes[inode].path):
                self.inodes[inode].sync()
        elif op in "ud" and path not in self.live:
            pass  # a socket: bound, not created, and nothing that a power loss could keep
        elif op in "ud":
            self.live.pop(path)
            folder.later.append(("drop", name))
        elif op == "r":
            target = rest.decode()
            node = self.live.pop(path)
            assert isinstance(node, File), "renaming a folder is not modelled"
            self.live[target] = node
            node.path = target
            other = self.live[os.path.dirname(target)]
            if other is folder:
                folder.later.append(("move", name, os.path.basename(target), node))
            else:
                other.later.append(("add", os.path.basename(target), node))
                folder.later.append(("drop", name))

    def differences(self):
        """What the folder holds other than the model when nothing is forgotten: empty, or the model is wrong."""
        wrong = []

        def compare(path, node):
            if isinstance(node, Folder):
                entries = node.after(lambda: True)
                names = {child.name for child in path.iterdir() if not child.is_socket()}
                if names != set(entries):
                    wrong.append(f"{path}: {sorted(names ^ set(entries))}")
                for name in names & set(entries):
                    compare(path / name, entries[name])
            elif not path.name.endswith("-shm") and path.read_bytes() != node.after(lambda: True, lambda: True):
                wrong.append(str(path))

        compare(self.root, self.top)
        return wrong

    def power_loss(self, chance, how=None):
        """Makes the folder anew as the disk may hold it. `how`: "least", "most", "any"; None: one of them by chance.
        Returns what was chosen, for messages."""
        how = how or chance.choice(["least", "any", "any", "any", "names", "data"])
        names, data, sectors = {
            "least": (0.0, 0.0, 0.0),
            "most": (1.0, 1.0, 1.0),
            "names": (1.0, 0.0, 0.0),  # every name, no content
            "data": (0.0, 1.0, 1.0),  # every content, no name
            "any": (chance.random(), chance.random(), chance.choice([0.5, 0.9, 1.0])),
        }[how]
        shutil.rmtree(self.root)
        self._store(self.root, self.top, lambda: chance.random() < names, lambda: chance.random() < data,
                    lambda: chance.random() < sectors)
        return how

    def _store(self, path, node, named, happened, kept):
        if isinstance(node, Folder):
            path.mkdir()
            for name, child in sorted(node.after(named).items()):
                self._store(path / name, child, named, happened, kept)
        else:
            path.write_bytes(node.after(happened, kept))


def seeded(value=None):
    """A generator whose seed is printed; NEWSWIRE_TEST_SEED repeats a run."""
    seed = int(os.environ.get("NEWSWIRE_TEST_SEED", value or random.SystemRandom().randrange(1 << 30)))
    print(f"NEWSWIRE_TEST_SEED={seed}", flush=True)
    return random.Random(seed)
