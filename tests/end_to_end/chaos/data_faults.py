# SPDX-License-Identifier: Apache-2.0
"""Damage to what the daemon keeps. The daemon is dead while it is done."""


def segments(run):
    return sorted((run.daemon.data / "archive").glob("*.warc.gz"))


def _sealed(run):
    found = segments(run)
    return not found or found[-1].with_name(found[-1].name + ".sha256").exists()


def tear_tail(run):
    """What a power cut leaves behind the last acknowledged byte: half a record, or rubbish."""
    while _sealed(run):  # there is no tail: the next segment begins with the next capture
        run.up()
        run.wait_for(lambda: not _sealed(run), "a segment that is written to")
        run.kill()
    found = segments(run)
    data = found[-1].read_bytes()
    if run.chance.random() < 0.5 and len(data) > 200:
        rubbish = data[:run.chance.randrange(20, min(len(data), 4000))]  # the start of a record, cut
    else:
        rubbish = run.chance.randbytes(run.chance.randrange(1, 4000))
    with open(found[-1], "ab") as out:
        out.write(rubbish)
    run.counts["torn tails"] += 1


def leave_hold(run):
    """What a killed replay leaves: a hold whose process has ended."""
    holds = run.daemon.data / "archive/holds"
    holds.mkdir(exist_ok=True)
    (holds / "4711.hold").write_text("1\n")


def _databases(run, name):
    return sorted((run.daemon.data / "state").glob(f"{name}.db*"))


def _delete(run, name):
    for file in _databases(run, name):
        file.unlink()
    run.counts["state databases deleted"] += 1


def delete_sequencer(run):
    _delete(run, "sequencer")


def delete_frontier(run):
    _delete(run, "frontier")


def delete_both(run):
    _delete(run, "sequencer")
    _delete(run, "frontier")


def _damage(run, name):
    files = [f for f in _databases(run, name) if f.stat().st_size]
    if not files:
        return
    main = files[0]
    how = run.chance.choice(["truncate", "flip", "zero", "wal"])
    wal = [f for f in files if f.name.endswith("-wal")]
    if how == "wal" and wal:
        wal[0].unlink()
    elif how == "truncate":
        data = main.read_bytes()
        main.write_bytes(data[:run.chance.randrange(len(data))])
    else:
        data = bytearray(main.read_bytes())
        at = run.chance.randrange(len(data))
        for i in range(at, min(len(data), at + run.chance.randrange(1, 3000))):
            data[i] = 0 if how == "zero" else data[i] ^ run.chance.randrange(1, 256)
        main.write_bytes(data)
    run.counts[f"state databases damaged ({how})"] += 1


def flip_frontier(run):
    _damage(run, "frontier")


def flip_sequencer(run):
    _damage(run, "sequencer")


def damage_both(run):
    _damage(run, "sequencer")
    _damage(run, "frontier")


STATE_FAULTS = [delete_sequencer, delete_frontier, delete_both, flip_frontier, flip_sequencer, damage_both]


def captures(run):
    """[(segment, offset, source, role, url)] of what the archive holds, oldest first, by `newswired archive ls`."""
    out = run.daemon.command("archive", "ls", "--config", str(run.daemon.config), check=False)  # 1: it holds damage
    by_serial = {int(f.name.removesuffix(".warc.gz").rsplit("-", 1)[1]): f for f in segments(run)}
    found = []
    for line in out.stdout.splitlines():
        position, _, _, source, role, _, url = line.split("\t")
        serial, offset = divmod(int(position, 16), 1 << 39)
        found.append((by_serial[serial], offset, source, role, url))
    return found


def flip_capture(run, published):
    """Flips bytes of one post's capture in a sealed segment; (segment, offset). Its post is exempt: its only copy is gone.

    `published`: one of the oldest; else one of the newest, which the caller knows not to be published.
    """
    sealed = [c for c in captures(run) if c[0].with_name(c[0].name + ".sha256").exists() and c[3] == "post"]
    if not sealed:
        raise RuntimeError("no sealed segment holds a post yet")
    segment, offset, source, _, url = sealed[0 if published else -1]
    posts = [p for p in run.world.all_posts() if run.world.url_of(p) == url]
    run.exempt.update(f"{p.source}:{p.number}" for p in posts)
    data = bytearray(segment.read_bytes())
    for i in range(offset + 60, offset + 80):
        data[i] ^= 0xFF
    segment.write_bytes(data)
    run.counts["archive bytes flipped"] += 1
    return segment, offset
