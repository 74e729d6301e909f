# SPDX-License-Identifier: Apache-2.0
"""A real Kafka of one or three nodes, each behind a proxy of ours, and what can be done to it."""

import contextlib
import subprocess

from harness import Kafka
from proxy import Proxy


class Cluster(Kafka):
    """Nodes 1…n by deploy/kafka/kafka. Clients (and the brokers among themselves) are told the proxies' addresses."""

    def __init__(self, folder, nodes):
        self.nodes = list(range(1, nodes + 1))
        self.proxies = [Proxy() for _ in self.nodes]
        try:
            super().__init__(folder, nodes, advertised=[p.address for p in self.proxies])
        except BaseException:
            for proxy in self.proxies:
                proxy.close()
            raise
        self.direct = self.brokers
        for proxy, address in zip(self.proxies, self.direct.split(",")):
            host, port = address.split(":")
            proxy.upstream = (host, int(port))
        self.brokers = ",".join(p.address for p in self.proxies)
        self.control("ready")

    def kill(self, node):
        self.control("kill9", str(node))

    def up(self, node):
        try:
            self.control("up", str(node))
        except subprocess.CalledProcessError:
            self.control("ready")  # a busy machine takes longer

    def stall(self, node):
        self.control("stall", str(node))

    def resume(self, node):
        self.control("resume", str(node))

    def up_all(self):
        """At once: a quorum that is down answers only when most of it is back."""
        starting = [subprocess.Popen([self.script, "up", str(n)], env=self.env, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL) for n in self.nodes]
        if any([process.wait(timeout=150) != 0 for process in starting]):
            self.control("ready")

    def calm(self):
        """Every node runs and answers, nothing is dropped or delayed."""
        for proxy in self.proxies:
            proxy.delay, proxy.stalled, proxy.refusing = 0.0, False, False
        for node in self.nodes:
            with contextlib.suppress(subprocess.CalledProcessError):
                self.resume(node)
        self.up_all()
        self.control("ready")

    def close(self):
        super().close()
        for proxy in self.proxies:
            proxy.close()
