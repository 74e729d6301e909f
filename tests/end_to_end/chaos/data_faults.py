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
