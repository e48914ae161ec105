"""What others may send: anything. It is parsed, bounded, dropped and counted, and everything goes on."""

import random
import unittest

import bindings
import rawnats
from case import ClusterCase
from members import wait_for


class Neighbours(ClusterCase):
    """Another client of the broker's."""

    def setUp(self):
        super().setUp()
        self.the_broker = self.broker()
        self.victim, self.friend = (self.member(self.the_broker.url) for _ in range(2))
        self.victim.subscribe(">")
        self.victim.room_open("arena", 100, "")
        self.victim.offer("arena", 0.5)
        self.victim.player_enter("ada", 1)
        self.settled(self.victim, self.friend)
        self.hostile = rawnats.Client(self.the_broker.port)
        self.addCleanup(self.hostile.close)
        server = self.victim.id
        self.subjects = ["sw.game.k.arena", "sw.game.o.arena", f"sw.game.s.{server}", "sw.game.p.ada",
                         f"sw.game.r.{server}.1", f"sw.game.r.{server}.x"]

    def is_well(self):
        self.hostile.settle()
        wait_for(lambda: self.friend.outcome(self.friend.find("arena"))["type"] == bindings.FOUND, "a room")
        self.assertEqual(self.friend.outcome(self.friend.player_find("ada"))["server"], self.victim.id)
        self.friend.publish("fine", b"fine")
        self.victim.wait(bindings.MESSAGE, topic="fine")
        self.victim.events.clear()
        self.assertFalse(self.victim.having(bindings.DOWN))

    def test_garbage_to_every_subject(self):
        source = random.Random(7)
        for subject in self.subjects:
            for _ in range(300):
                payload = bytes([1, source.randrange(1, 17)]) + source.randbytes(source.randrange(0, 80))
                reply = source.choice(["", "x", "sw.game.>", "a..b", "*", f"sw.game.s.{self.victim.id}"])
                self.hostile.publish(subject, payload, reply)
            self.hostile.publish(subject, b"")
            self.hostile.publish(subject, b"\xff" * 100_000)
        self.is_well()
        self.assertGreater(self.victim.get_stat("malformed"), 1000)

    def test_wrong_senders_and_topics(self):
        for sender in (b"", b"a b", b"\xff\xfe", b"x" * 500, b">", b"a.b"):
            self.hostile.publish_with_headers("sw.game.t.t", b"NATS/1.0\r\nSw-From: " + sender + b"\r\n\r\n", b"lie")
        self.hostile.publish_with_headers("sw.game.t.t", b"NATS/1.0 503\r\n\r\n", b"status")
        self.hostile.publish("sw.game.t." + "x" * 300, b"long")
        self.hostile.publish("sw.game.t.plain", b"from another program")
        message = self.victim.wait(bindings.MESSAGE, topic="plain")
        self.assertEqual((message["from"], message["payload"]), ("", b"from another program"))
        self.assertFalse(self.victim.having(bindings.MESSAGE, topic="x" * 300))
        wait_for(lambda: self.victim.get_stat("malformed") >= 4, "they are counted")
        self.is_well()

    def test_messages_that_are_too_large(self):
        self.hostile.publish("sw.game.t.t", b"x" * 1_000_000)
        self.hostile.publish("sw.game.p.ada", b"\x01\x0b\x02\x00ab" + b"x" * 600_000)
        wait_for(lambda: self.victim.get_stat("malformed") >= 2, "they are counted")
        self.assertFalse(self.victim.having(bindings.MESSAGE, topic="t"))
        self.is_well()

    def test_a_flood_of_questions_is_answered_or_refused(self):
        self.victim.set({"collect": False})
        for _ in range(20_000):
            self.hostile.publish(f"sw.game.s.{self.victim.id}", b"\x01\x09\x05\x00arena\x00\x00", "nobody.listens")
        self.hostile.settle()
        wait_for(lambda: self.victim.get_stat("events_bytes") > 0, "they arrive")
        self.assertLess(self.victim.get_stat("events_bytes"), 5 << 20)
        self.victim.set({"collect": True, "report": False})
        wait_for(lambda: self.victim.get_stat("events_bytes") == 0, "they are gone")
        self.victim.set({"report": True})
        self.hostile.settle()
        self.assertEqual(self.friend.outcome(self.friend.player_find("ada"))["server"], self.victim.id)


class FakeBrokers(ClusterCase):
    """Brokers that are none."""

    def speaking(self, talk):
        broker = rawnats.FakeBroker(talk)
        self.addCleanup(broker.close)
        member = self.member(broker.url, up=False)
        return broker, member

    def test_info_again_after_connect_is_not_answered(self):
        def talk(connection, lines):
            connection.sendall(rawnats.FakeBroker.info())
            for line in lines:
                if line.startswith(b"CONNECT"):
                    connection.sendall(rawnats.FakeBroker.info(xkey="X") * 3)
                elif line.startswith(b"PING"):
                    connection.sendall(b"PONG\r\n" + rawnats.FakeBroker.info(client_id=7))
        broker, member = self.speaking(talk)
        member.wait(bindings.UP)
        member.publish("t", b"x")
        self.assertEqual((broker.connections, broker.connects), (1, 1))

    def test_an_orderly_end_is_a_loss(self):
        def talk(connection, lines):
            connection.sendall(rawnats.FakeBroker.info())
            for line in lines:
                if line.startswith(b"PING"):
                    connection.sendall(b"PONG\r\n")
                    return
        broker, member = self.speaking(talk)
        self.assertEqual(member.wait(bindings.DOWN)["error"], 0)
        member.wait(bindings.UP, 2, gap=1.0)
        self.assertGreaterEqual(broker.connections, 3)

    def test_too_old_a_broker_is_told(self):
        _, member = self.speaking(lambda connection, lines: [connection.sendall(b'INFO {"version":"1.0.0"}\r\n'),
                                                            next(lines, None)])
        down = member.wait(bindings.DOWN)
        self.assertEqual(down["error"], bindings.ERROR_HANDSHAKE)
        self.assertIn("old", down["reason"])

    def test_nonsense_ends_the_connection_and_not_the_program(self):
        info = rawnats.FakeBroker.info()
        source = random.Random(11)
        nonsense = [
            b"HTTP/1.1 200 OK\r\n\r\n", b"\x16\x03\x01\x00\xa5", b"INFO\r\n", b"INFO {]\r\n", b"INFO " + b"[" * 60_000 + b"\r\n",
            b"INFO " + b"x" * 100_000, info + b"MSG a 1 99999999999999999999\r\n", info + b"MSG\r\n",
            info + b"MSG sw.game.t.x 1 5\r\nhelloXX", info + b"HMSG a 1 9 3\r\n", info + b"-ERR 'Unknown'\r\nnonsense\r\n",
            info + source.randbytes(5000), info + b"A" * 20_000, info + b"MSG \xff\xfe 1 0\r\n\r\n",
        ]
        waiting = list(nonsense)

        def talk(connection, lines):
            connection.sendall(waiting.pop(0) if waiting else info)
            for line in lines:
                if not waiting and line.startswith(b"PING"):
                    connection.sendall(b"PONG\r\n")
        broker, member = self.speaking(talk)
        # The pauses between attempts grow to five seconds: with other hosts of the list there would be as many.
        for _ in range(3):
            wait_for(lambda: broker.connections >= 3, "it tries again")
        member.wait(bindings.DOWN)
        self.assertEqual(len(member.having(bindings.DOWN)), 1)
        member.close()
        while waiting:
            before = len(waiting)
            self.assertEqual(member.open(broker.url, ""), 0)
            wait_for(lambda: len(waiting) < before, "it connects")
            wait_for(lambda: len(member.having(bindings.DOWN)) > len(nonsense) - before - 3 or not waiting, "it is down")
            member.close()
        self.assertEqual(member.open(broker.url, ""), 0)
        member.wait(bindings.UP)

    def test_a_broker_that_lists_a_thousand_others(self):
        others = [f"127.0.0.1:{port}" for port in range(1, 1000)] + ["", "x" * 300, "a b", 5, None]

        def talk(connection, lines):
            connection.sendall(rawnats.FakeBroker.info(connect_urls=others))
            for line in lines:
                if line.startswith(b"PING"):
                    connection.sendall(b"PONG\r\n")
        _, member = self.speaking(talk)
        member.wait(bindings.UP)


if __name__ == "__main__":
    unittest.main()
