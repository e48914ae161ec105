"""A server process of the tests: uses both libraries as a game's server would, and does what JSON lines on stdin say.

Answers {"answer": number of the command, "value": ...} and reports {"event": {...}} on stdout, a line each.
"""

import base64
import json
import os
import select
import sys
import time

import bindings

EVENTS_PER_ROUND = 500


class Member:
    def __init__(self):
        self.cluster = bindings.Cluster()
        # What can be changed by `set`.
        self.settings = {
            "collect": True,    # cluster events are collected
            "report": True,     # and reported, else only counted
            "create": None,     # places of rooms opened when asked
            "redeem": False,    # promised places are taken at once
        }
        self.counts = {}
        self.streams = []

    def run(self):
        pending, ended = b"", False
        while not ended:
            rest = self.cluster.step()
            busy = self.streams or (rest == 0 and self.settings["collect"])
            if not busy:
                self.cluster.network.network_wait(min(rest or 5, 5))
            if select.select([0], [], [], 0)[0]:
                data = os.read(0, 1 << 20)
                ended = not data
                *lines, pending = (pending + data).split(b"\n")
                for line in lines:
                    self.obey(json.loads(line))
            self.cluster.poll_network()
            self.pump()
            if self.settings["collect"]:
                self.collect()
            sys.stdout.flush()

    def collect(self):
        for _ in range(EVENTS_PER_ROUND):
            event = self.cluster.next()
            if event is None:
                return
            self.counts[event["type"]] = self.counts.get(event["type"], 0) + 1
            if event["type"] == bindings.CREATE and self.settings["create"]:
                self.cluster.room_open(event["kind"].encode(), self.settings["create"], event["data"].encode())
            if event["type"] == bindings.SEAT and self.settings["redeem"]:
                assert self.cluster.room_redeem(event["room"], event["ticket"].encode()) == 1
            if self.settings["report"]:
                event["at"] = time.monotonic()
                if "payload" in event:
                    event["payload"] = base64.b64encode(event["payload"]).decode()
                print(json.dumps({"event": event}))

    def pump(self):
        """The next messages of each stream, as far as they are due."""
        for stream in list(self.streams):
            due = min(stream["count"], int((time.monotonic() - stream["began"]) * stream["rate"]))
            for number in range(stream["sent"], due):
                payload = f"{stream['name']}:{number}".encode().ljust(stream["size"], b".")
                result = self.cluster.publish(stream["topic"], payload, len(payload))
                key = str(int(min(result, 0)))
                stream["results"][key] = stream["results"].get(key, 0) + 1
            stream["sent"] = due
            if due == stream["count"]:
                self.streams.remove(stream)
                self.answer(stream["answer"], stream["results"])

    def obey(self, command):
        number, name, arguments = command["number"], command["call"], command["arguments"]
        own = getattr(self, f"do_{name}", None)
        if own:
            value = own(number, *arguments)
            if value is self:
                return
        else:
            value = self.call(name, arguments)
        self.answer(number, value)

    def call(self, name, arguments):
        """A function of the library; {"bytes": base64} becomes a buffer and its size."""
        given = []
        for argument in arguments:
            if isinstance(argument, dict):
                payload = base64.b64decode(argument["bytes"])
                given += [payload, len(payload)]
            else:
                given.append(argument.encode() if isinstance(argument, str) else argument)
        value = getattr(self.cluster, name)(*given)
        if isinstance(value, bytes):
            return value.decode()
        return [value, self.cluster.last_error().decode()] if value < 0 else value

    def answer(self, number, value):
        print(json.dumps({"answer": number, "value": value}))

    # Commands besides the library's functions

    def do_set(self, number, settings):
        self.settings.update(settings)

    def do_counts(self, number):
        return self.counts

    def do_stream(self, number, topic, name, count, rate, size):
        """Publishes so many messages, so many a second; answers when it is done."""
        self.streams.append({"answer": number, "topic": topic.encode(), "name": name, "count": count, "rate": rate,
                             "size": size, "sent": 0, "began": time.monotonic(), "results": {}})
        return self

    def do_enter_many(self, number, prefix, count):
        for index in range(count):
            assert self.cluster.player_enter(f"{prefix}{index}".encode(), -1) == 0
        return count

    def do_look_up(self, number, prefix, count, every):
        """Looks so many players up, one after the other; the times they took, in ms."""
        times = []
        for index in range(count):
            began = time.perf_counter()
            request = self.cluster.player_find(f"{prefix}{index * every}".encode())
            while True:
                self.cluster.network.network_wait(5)
                self.cluster.poll_network()
                self.cluster.step()
                event = self.cluster.next()
                if event and event.get("request") == request:
                    assert event["type"] == bindings.FOUND, event
                    break
            times.append((time.perf_counter() - began) * 1000)
        return times

    def do_manual_io(self, number):
        return self.cluster.network.network_set_config(bindings.stepwire.CONFIG_MANUAL_IO, 1, 0)

    def do_shutdown(self, number):
        self.cluster.network.network_shutdown()


if __name__ == "__main__":
    Member().run()
