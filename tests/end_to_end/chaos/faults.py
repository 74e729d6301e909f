# SPDX-License-Identifier: Apache-2.0
"""What a random round does to a run. Each fault leaves everything running again, and counts itself.

Waiting times are random, or as long as the fault needs to be noticed: nothing is concluded from them.
"""

import os
import shutil
import signal
import subprocess

import data_faults
from harness import BINARY, Newswired
from run_under_attack import CONFIG, FENCED, Failed, describe

LIBFAKETIME = next((p for p in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
                                "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1") if os.path.exists(p)), None)


# The daemon.

def kill_daemon(run):
    run.kill()
    run.up()


def stop_daemon(run):
    run.stop()
    run.up()


def freeze_daemon(run):
    run.must_run()
    os.kill(run.pid, signal.SIGSTOP)
    run.breathe(1, 4)
    os.kill(run.pid, signal.SIGCONT)
    run.counts["daemon frozen"] += 1


def kill_while_starting(run):
    """Again and again before it has done anything, or little."""
    for _ in range(3):
        run.kill()
        run.up()
        run.breathe(0.0, 0.4)


def second_instance(run):
    """On the same data: it must refuse, say why, and harm nothing."""
    run.must_run()
    out = subprocess.run([BINARY, "run", "--config", str(run.daemon.config)], capture_output=True, text=True, timeout=60,
                         env={**os.environ, **run.env})
    if out.returncode != FENCED or "newswired:" not in out.stderr:
        raise Failed(f"a second instance on the same data: {describe(out.returncode)}\n{out.stderr[-2000:]}")
    run.counts["second instances"] += 1


def reload_daemon(run):
    run.must_run()
    os.kill(run.pid, signal.SIGHUP)
    run.counts["reloads"] += 1


# What it keeps.

def tear_tail(run):
    run.kill()
    data_faults.tear_tail(run)
    run.up()


def harm_state(run):
    run.kill()
    run.chance.choice(data_faults.STATE_FAULTS)(run)
    run.up()


# The sites.

def site_weather(run):
    """Refusals that say when to come back, slow answers, answers that are cut."""
    kind = run.chance.choice(["refuse", "slow", "cut"])

    def weather(_):
        if run.chance.random() < 0.5:
            return None
        return {"refuse": {"status": 503, "retry_after": 1}, "slow": {"delay": 0.3}, "cut": {"cut": True}}[kind]

    run.world.site.weather = weather
    run.breathe(1, 3)
    run.world.site.weather = None
    run.counts[f"site weather ({kind})"] += 1


# The brokers. Every one of them runs again afterwards.

def _broker(run, what):
    run.counts["broker faults"] += 1
    run.counts[f"broker: {what}"] += 1


def kill_broker(run):
    node = run.chance.choice(run.cluster.nodes)
    run.cluster.kill(node)
    _broker(run, "killed")
    run.breathe(0.5, 5)
    run.cluster.up(node)


def stall_broker(run):
    node = run.chance.choice(run.cluster.nodes)
    run.cluster.stall(node)
    _broker(run, "stalled")
    run.breathe(1, 8)
    run.cluster.resume(node)


def kill_all_brokers(run):
    for node in run.cluster.nodes:
        run.cluster.kill(node)
    _broker(run, "all killed")
    run.breathe(0.5, 4)
    run.cluster.up_all()


def kill_daemon_while_broker_is_stalled(run):
    for node in run.cluster.nodes:
        run.cluster.stall(node)
    _broker(run, "all stalled")
    run.breathe(0.2, 2)
    run.kill()
    run.up()
    run.breathe(0.2, 2)
    for node in run.cluster.nodes:
        run.cluster.resume(node)


def stop_daemon_while_broker_is_stalled(run):
    """SIGTERM is obeyed in time though no commit can end."""
    for node in run.cluster.nodes:
        run.cluster.stall(node)
    _broker(run, "all stalled")
    run.breathe(0.2, 3)
    try:
        run.stop()
    finally:
        for node in run.cluster.nodes:
            run.cluster.resume(node)
    run.up()


def drop_connections(run):
    for _ in range(run.chance.randrange(1, 6)):
        for proxy in run.cluster.proxies:
            proxy.drop()
        run.breathe(0.05, 1)
    _broker(run, "connections dropped")


def refuse_connections(run):
    proxies = run.chance.sample(run.cluster.proxies, run.chance.randrange(1, len(run.cluster.proxies) + 1))
    for proxy in proxies:
        proxy.refusing = True
        proxy.drop()
    run.breathe(1, 5)
    for proxy in proxies:
        proxy.refusing = False
    _broker(run, "connections refused")


def delay_connections(run):
    for proxy in run.cluster.proxies:
        proxy.delay = run.chance.uniform(0.01, 0.4)
    run.breathe(2, 6)
    for proxy in run.cluster.proxies:
        proxy.delay = 0.0
    _broker(run, "connections delayed")


def stall_connections(run):
    """Packets vanish, connections stay: answers come late, or after the client has given up."""
    for proxy in run.cluster.proxies:
        proxy.stalled = True
    run.breathe(1, 8)
    if run.chance.random() < 0.5:
        for proxy in run.cluster.proxies:
            proxy.drop()
    for proxy in run.cluster.proxies:
        proxy.stalled = False
    _broker(run, "connections stalled")


def same_transactional_id(run):
    """A copy of the data folder is started beside the original: one of the two is fenced and ends with the reason.

    The copy's archive and the original's part ways, so whichever is left, the other may not publish.
    """
    run.stop()
    copy = Newswired(run.folder / f"copy-{run.counts['starts']}", run.daemon.settings["sources"], run.cluster)
    copy.settings = {**run.daemon.settings, "data_dir": str(copy.data)}
    copy.write()
    shutil.copytree(run.daemon.data, copy.data)
    run.up()
    copy.start(env=run.env)
    run.counts["copies started"] += 1
    both = [run.daemon, copy]
    loser = run.wait_for(lambda: next((d for d in both if d.process.poll() is not None), None),
                         "one of two daemons with one transactional.id to give way", alive=False)
    status, said = loser.process.returncode, loser.log_text()[-3000:]
    loser.log.close()
    if status not in (FENCED, CONFIG) or "newswired: " not in said:
        raise Failed(f"the fenced daemon ended with {describe(status)}\n{said}")
    winner = both[1 - both.index(loser)]
    if winner is copy:  # the run goes on with what is left
        run.counts["copies that won"] += 1
    run.daemon = winner


# The clock.

def clock_jump(run):
    """Wall time jumps while it runs, or between two runs; steady time goes on."""
    running = "LD_PRELOAD" in run.env and run.chance.random() < 0.5
    if running:
        run.must_run()
    else:
        run.kill()
    set_clock(run, run.chance.choice(["+3h", "-3h", "+40d", "-40d", "-10s", "+0"]))
    run.up()
    run.counts[f"clock {'while running' if running else 'between runs'}"] += 1


def set_clock(run, offset):
    if LIBFAKETIME is None:
        raise Failed("libfaketime is missing: deploy/install-dependencies test")
    clock = run.folder / "clock"
    new = run.folder / "clock.new"
    new.write_text(offset)
    os.replace(new, clock)
    run.env = {"LD_PRELOAD": LIBFAKETIME, "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1",
               "DONT_FAKE_MONOTONIC": "1"}


DAEMON_FAULTS = [kill_daemon, kill_daemon, kill_daemon, kill_while_starting, stop_daemon, freeze_daemon, second_instance,
                 reload_daemon, tear_tail, harm_state, site_weather]
BROKER_FAULTS = [kill_broker, kill_broker, stall_broker, kill_all_brokers, kill_daemon_while_broker_is_stalled,
                 stop_daemon_while_broker_is_stalled, drop_connections, refuse_connections, delay_connections,
                 stall_connections]
