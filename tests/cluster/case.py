"""What the tests of the cluster have in common: brokers and members that end with the test."""

import pathlib
import subprocess
import sys
import unittest

import brokers
from members import Member, bindings, wait_for


@unittest.skipUnless(brokers.programs(), "there is no nats-server")
class ClusterCase(unittest.TestCase):
    def broker(self, *arguments, **options):
        broker = brokers.Broker(*arguments, **options)
        self.addCleanup(broker.end)
        return broker

    def trio(self, version=None):
        trio = brokers.trio(version)
        for broker in trio:
            self.addCleanup(broker.end)
        return trio

    def member(self, url="", address="", up=True, **options):
        member = Member(url, address, **options)
        self.addCleanup(member.end)
        if url and up:
            member.wait(bindings.UP)
        return member

    def each_version(self):
        """The brokers there are, one after the other; a failure says with which it was."""
        for version in brokers.programs():
            try:
                yield version
            except GeneratorExit:
                print(f"with nats-server {version}:", file=sys.stderr)
                raise

    def settled(self, *members):
        """The broker knows what the members want: of each, a message on a topic of its own came back to another."""
        for index, member in enumerate(members):
            handle = member.subscribe(f"settled.{index}")
            others = [other for other in members if other is not member]
            wait_for(lambda: (others[0].publish(f"settled.{index}", b"settled:0") >= 0
                              and member.having(bindings.MESSAGE, topic=f"settled.{index}")), "the broker is settled")
            member.unsubscribe(handle)
            member.events = [event for event in member.events if event.get("topic") != f"settled.{index}"]


class Namespaces:
    """Network namespaces joined by a bridge; `cut` takes one off it. None where that is not permitted."""

    def __init__(self, count):
        self.prefix = f"swc{subprocess.os.getpid() % 10000}"
        self.names = [f"{self.prefix}-{index}" for index in range(count)]
        self.bridge = f"{self.prefix}b"
        self._ip("netns", "add", self.bridge)
        try:
            self._ip("-n", self.bridge, "link", "add", "br0", "type", "bridge")
            self._ip("-n", self.bridge, "link", "set", "br0", "up")
            for index, name in enumerate(self.names):
                self._ip("netns", "add", name)
                self._ip("-n", self.bridge, "link", "add", f"p{index}", "type", "veth", "peer", "name", "link0",
                         "netns", name)
                self._ip("-n", self.bridge, "link", "set", f"p{index}", "master", "br0", "up")
                self._ip("-n", name, "addr", "add", f"{self.address(index)}/24", "dev", "link0")
                self._ip("-n", name, "link", "set", "lo", "up")
                self._ip("-n", name, "link", "set", "link0", "up")
        except OSError:
            self.end()
            raise

    @staticmethod
    def _ip(*words):
        done = subprocess.run(["ip", *words], capture_output=True, text=True)
        if done.returncode:
            raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")

    @staticmethod
    def address(index):
        return f"192.0.2.{index + 1}"

    def cut(self, index):
        self._ip("-n", self.bridge, "link", "set", f"p{index}", "down")

    def join(self, index):
        self._ip("-n", self.bridge, "link", "set", f"p{index}", "up")

    def end(self):
        for name in [*self.names, self.bridge]:
            if pathlib.Path("/run/netns", name).exists():
                self._ip("netns", "del", name)
