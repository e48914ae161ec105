"""Several processes over a broker, of each version there is: topics, rooms, players, and ways to the broker."""

import unittest

import bindings
import brokers
import history
from case import ClusterCase
from members import wait_for


class Topics(ClusterCase):
    def test_messages_reach_all_processes_in_order(self):
        for version in self.each_version():
            broker = self.broker(version)
            one, other, third = (self.member(broker.url) for _ in range(3))
            for member in (one, other):
                self.assertGreater(member.subscribe("chat.>"), 0)
            # Overlapping subscriptions: still once.
            other.subscribe("chat.*")
            self.settled(one, other, third)
            streams = [member.begin("stream", "chat.global", name, 500, 5000, 64)
                       for member, name in ((one, "a"), (other, "b"), (third, "c"))]
            for member, stream in zip((one, other, third), streams):
                self.assertEqual(member.result(stream), {"0": 500})
            for member in (one, other):
                member.wait(bindings.MESSAGE, 1500)
            counts = history.check_deliveries([one.events, other.events])
            for count in counts:
                self.assertEqual(sorted(count.values()), [500, 500, 500])
            self.assertFalse(third.having(bindings.MESSAGE))

    def test_large_and_empty_messages(self):
        broker = self.broker()
        one, other = self.member(broker.url), self.member(broker.url)
        other.subscribe("t")
        self.settled(one, other)
        for payload in (b"", b"x" * (512 * 1024), b"\r\nPUB x 0\r\n\0"):
            self.assertEqual(one.publish("t", payload), len(payload))
            wait_for(lambda: other.having(bindings.MESSAGE, payload=payload), "the message")
        self.assertEqual(one.publish("t", b"x" * (512 * 1024 + 1)), bindings.ERROR_TOO_BIG)

    def test_a_message_larger_than_the_broker_takes_is_refused(self):
        broker = self.broker(config="max_payload: 2048\n")
        # The later of two lines counts.
        one = self.member(broker.url)
        failure = one.publish("t", b"x" * 4000)
        self.assertEqual(failure, bindings.ERROR_TOO_BIG, failure)
        self.assertIn("broker", failure.because)
        self.assertEqual(one.publish("t", b"x" * 1000), 1000)

    def test_what_was_accepted_is_sent_though_one_leaves(self):
        broker = self.broker()
        leaving, staying = self.member(broker.url), self.member(broker.url)
        staying.subscribe("bye")
        self.settled(leaving, staying)
        self.assertEqual(leaving.result(leaving.begin("stream", "bye", "b", 2000, 1e9, 500)), {"0": 2000})
        self.assertEqual(leaving.close(), 0)
        staying.wait(bindings.MESSAGE, 2000, topic="bye")
        history.check_deliveries([staying.events])
        # And it may come again, as somebody else.
        self.assertEqual(leaving.open(broker.url, ""), 0)
        leaving.wait(bindings.UP, 2)
        self.assertNotEqual(leaving.server_id(), leaving.id)

    def test_without_an_io_thread(self):
        broker = self.broker()
        one, other = self.member(broker.url, manual_io=True), self.member(broker.url)
        one.subscribe("t")
        one.room_open("arena", 4, "")
        self.settled(one, other)
        self.assertEqual(other.result(other.begin("stream", "t", "a", 500, 5000, 64)), {"0": 500})
        one.wait(bindings.MESSAGE, 500, topic="t")
        self.assertEqual(other.outcome(other.find("arena"))["server"], one.id)

    def test_applications_do_not_hear_each_other(self):
        broker = self.broker()
        ours, theirs = self.member(f"{broker.url}/ours"), self.member(f"{broker.url}/theirs")
        also_ours = self.member(f"{broker.url}/ours")
        for member in (theirs, also_ours):
            member.subscribe(">")
        self.settled(ours, also_ours)
        ours.publish("t", b"x")
        also_ours.wait(bindings.MESSAGE, topic="t")
        self.assertFalse(theirs.having(bindings.MESSAGE, topic="t"))


class Rooms(ClusterCase):
    def test_a_room_is_found_and_its_seats_are_given_once(self):
        for version in self.each_version():
            broker = self.broker(version)
            owners = [self.member(broker.url, f"owner{index}:1") for index in range(2)]
            finders = [self.member(broker.url) for _ in range(2)]
            rooms = {owner.room_name(owner.room_open("arena", 5, "map=ice")): owner for owner in owners}
            self.settled(*owners, *finders)
            requests = [[finder.find("arena") for _ in range(10)] for finder in finders]
            found = []
            for finder, asked in zip(finders, requests):
                for request in asked:
                    finder.outcome(request)
                ends = history.check_requests(asked, finder.events)
                found += [end for end in ends.values() if end["type"] == bindings.FOUND]
            self.assertEqual(len(found), 10, "ten places, twenty who want one")
            for end in found:
                owner = rooms[end["name"]]
                self.assertEqual((end["server"], end["places"], end["data"]), (owner.id, 5, "map=ice"))
                self.assertEqual(len(owner.having(bindings.SEAT, ticket=end["ticket"])), 1)
            history.check_seats([finder.events for finder in finders], [owner.events for owner in owners])

    def test_the_fullest_with_a_place_is_taken_and_names_find_one_room(self):
        broker = self.broker()
        one, other, finder = (self.member(broker.url) for _ in range(3))
        empty = one.room_open("arena", 10, "")
        fuller = other.room_open("arena", 10, "")
        other.room_set(fuller, 7, "")
        name = one.room_name(empty)
        self.settled(one, other, finder)
        self.assertEqual(finder.outcome(finder.find("arena"))["server"], other.id)
        self.assertEqual(finder.outcome(finder.find(name))["name"], name)
        one.room_close(empty)
        self.assertEqual(finder.outcome(finder.find(name))["type"], bindings.NONE)
        self.assertEqual(finder.outcome(finder.find("arena.nobody-1"))["error"], 0)

    def test_a_room_is_made_by_the_least_busy_server(self):
        broker = self.broker()
        busy, idle, finder = (self.member(broker.url) for _ in range(3))
        for member, load in ((busy, 0.9), (idle, 0.1)):
            member.set({"create": 4})
            self.assertEqual(member.offer("arena", load), 0)
        self.settled(busy, idle, finder)
        requests = [finder.find_or_create("arena", "map=ice") for _ in range(8)]
        ends = [finder.outcome(request) for request in requests]
        self.assertEqual({end["type"] for end in ends}, {bindings.FOUND})
        self.assertEqual({end["server"] for end in ends}, {idle.id})
        # Who asks at the same time shares rooms: eight seats are two rooms of four.
        self.assertEqual(len({end["name"] for end in ends}), 2)
        # Nobody makes what nobody offers.
        self.assertEqual(finder.outcome(finder.find_or_create("duel", ""))["error"], 0)
        # Who does not answer refuses, and the next one is asked.
        idle.set({"create": None})
        idle_rooms = {end["name"] for end in ends}
        fresh = finder.outcome(finder.find_or_create("arena", "map=fire"))
        self.assertNotIn(fresh["name"], idle_rooms)
        self.assertEqual(fresh["server"], busy.id)

    def test_a_ticket_that_was_redeemed_or_ran_out_gives_its_place_back_once(self):
        broker = self.broker()
        owner = self.member(broker.url, configs={bindings.CONFIG_TICKET_TIME: 400})
        finder = self.member(broker.url)
        room = owner.room_open("arena", 1, "")
        self.settled(owner, finder)
        first = finder.outcome(finder.find("arena"))
        self.assertEqual(finder.outcome(finder.find("arena"))["type"], bindings.NONE)
        second = wait_for(lambda: [end for end in [finder.outcome(finder.find("arena"))]
                                   if end["type"] == bindings.FOUND], "the ticket's end")[0]
        self.assertNotEqual(first["ticket"], second["ticket"])
        self.assertEqual(owner.room_redeem(room, first["ticket"]), 0)
        self.assertEqual(owner.room_redeem(room, second["ticket"]), 1)
        self.assertEqual(finder.outcome(finder.find("arena"))["type"], bindings.NONE)


class Players(ClusterCase):
    def test_players_are_found_and_reached_where_they_are(self):
        for version in self.each_version():
            broker = self.broker(version)
            home, other = self.member(broker.url, "home:1"), self.member(broker.url)
            names = ["ada", "bob ☃.*", "> . *", "x" * 128, "é\n\r\t"]
            for index, name in enumerate(names):
                self.assertEqual(home.player_enter(name, index), 0)
            self.settled(home, other)
            for name in names:
                end = other.outcome(other.player_find(name))
                self.assertEqual((end["type"], end["name"], end["address"]), (bindings.FOUND, name, "home:1"))
                payload = name.encode() * 3
                self.assertEqual(other.outcome(other.player_send(name, payload))["type"], bindings.FOUND)
                message = home.wait(bindings.MESSAGE, player=name)
                self.assertEqual((message["payload"], message["from"]), (payload, other.id))
            self.assertEqual(other.outcome(other.player_find("*"))["error"], 0)
            self.assertEqual(home.player_leave("ada"), 1)
            wait_for(lambda: other.outcome(other.player_send("ada", b"x"))["type"] == bindings.NONE, "ada has left")

    def test_a_player_is_at_his_last_place_only(self):
        broker = self.broker()
        members = [self.member(broker.url, f"m{index}:1") for index in range(3)]
        asker = self.member(broker.url)
        for index in (0, 1, 2, 0):
            members[index].player_enter("ada", 10 + index)
            before = (index - 1) % 3
            if members[before].having(bindings.PLAYER_ELSEWHERE) or index:
                members[before].wait(bindings.PLAYER_ELSEWHERE, player="ada", socket=10 + before)
        members[2].wait(bindings.PLAYER_ELSEWHERE, player="ada", socket=12)
        self.assertEqual(asker.outcome(asker.player_find("ada"))["server"], members[0].id)
        self.assertEqual([len(member.having(bindings.PLAYER_ELSEWHERE)) for member in members], [1, 1, 1])
        self.assertEqual(members[1].player_leave("ada"), 0)


class Ways(ClusterCase):
    def works(self, url, **options):
        """Two members with that url hear each other."""
        one, other = self.member(url, **options), self.member(url, **options)
        other.subscribe("t")
        self.settled(one, other)
        one.publish("t", b"hello")
        other.wait(bindings.MESSAGE, topic="t", payload=b"hello")

    def refused(self, url, words, error=None, **options):
        member = self.member(url, up=False, **options)
        down = member.wait(bindings.DOWN)
        self.assertIn(words, down["reason"])
        if error is not None:
            self.assertEqual(down["error"], error)
        # Told once, and it is tried again and again.
        self.assertEqual(member.step() >= 0, True)
        self.assertEqual(len(member.having(bindings.DOWN)), 1)

    def test_token_user_and_password(self):
        for version in self.each_version():
            broker = self.broker(version, 'authorization { token: "s3cret" }\n')
            self.works(f"nats://s3cret@127.0.0.1:{broker.port}")
            self.refused(f"nats://guess@127.0.0.1:{broker.port}", "Authorization Violation")
            self.refused(f"nats://127.0.0.1:{broker.port}", "Authorization Violation")
            broker = self.broker(version, 'authorization { user: "us:er", password: "p@ss/w" }\n')
            self.works(f"nats://us%3Aer:p%40ss%2Fw@127.0.0.1:{broker.port}")

    def test_no_broker_and_something_else(self):
        port = brokers.free_port()
        self.refused(f"nats://127.0.0.1:{port}", "")
        with brokers.socket.create_server(("127.0.0.1", 0)) as other:
            member = self.member(f"nats://127.0.0.1:{other.getsockname()[1]}", up=False)
            connection, _ = other.accept()
            with connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
                self.assertEqual(member.wait(bindings.DOWN)["error"], bindings.ERROR_HANDSHAKE)
        self.refused(f"nats://no-such-name.invalid:{port}", "")

    def test_the_next_host_of_the_list_is_taken(self):
        broker = self.broker()
        dead = brokers.free_port()
        member = self.member(f"nats://127.0.0.1:{dead},127.0.0.1:{broker.port}", up=False)
        member.wait(bindings.UP)
        self.assertEqual([event["type"] for event in member.events[:2]], [bindings.DOWN, bindings.UP])

    def test_a_broker_that_does_not_speak_is_given_up(self):
        broker = self.broker()
        with brokers.socket.create_server(("127.0.0.1", 0)) as mute:
            url = f"nats://127.0.0.1:{mute.getsockname()[1]},127.0.0.1:{broker.port}"
            member = self.member(url, up=False, configs={bindings.CONFIG_PING: 100})
            self.assertEqual(member.wait(bindings.DOWN)["error"], bindings.ERROR_TIMEOUT)
            member.wait(bindings.UP)


class Tls(ClusterCase):
    def setUp(self):
        super().setUp()
        try:
            import certificates
            self.authority = certificates.Authority()
        except FileNotFoundError:
            self.skipTest("there is no openssl")
        self.addCleanup(self.authority.close)
        chain, key = self.authority.certify("broker")
        self.files = f'cert_file: "{chain}", key_file: "{key}"'
        self.trust = {bindings.CONFIG_TLS_CA_FILE: str(self.authority.certificate)}

    works, refused = Ways.works, Ways.refused

    def test_tls_with_a_token(self):
        for version in self.each_version():
            broker = self.broker(version, f'tls {{ {self.files} }}\nauthorization {{ token: "s3cret" }}\n')
            url = f"tls://s3cret@localhost:{broker.port}"
            self.works(url, configs=self.trust)
            self.works(url, configs={bindings.CONFIG_TLS_VERIFY: 0})
            self.refused(url, "TLS", bindings.ERROR_TLS)
            self.refused(url.replace("tls:", "nats:"), "tls://", bindings.ERROR_TLS)

    def test_a_certificate_for_another_name_is_refused(self):
        chain, key = self.authority.certify("elsewhere", "DNS:elsewhere.example")
        broker = self.broker(config=f'tls {{ cert_file: "{chain}", key_file: "{key}" }}\n')
        self.refused(f"tls://localhost:{broker.port}", "TLS", bindings.ERROR_TLS, configs=self.trust)

    def test_a_file_without_authorities_is_told_at_once(self):
        member = self.member()
        member.close()
        for path in ("/nowhere/ca.pem", __file__):
            member.set_config_string(bindings.CONFIG_TLS_CA_FILE, path)
            failure = member.open("tls://localhost", "")
            self.assertEqual(failure, bindings.ERROR_TLS)
            self.assertIn(path, failure.because)

    def test_large_messages_over_tls(self):
        broker = self.broker(config=f"tls {{ {self.files} }}\n")
        url = f"tls://localhost:{broker.port}"
        configs = {**self.trust, bindings.CONFIG_QUEUE_LIMIT: 64 << 20}
        one, other = (self.member(url, configs=configs) for _ in range(2))
        other.subscribe("t")
        self.settled(one, other)
        stream = one.begin("stream", "t", "a", 100, 1000, 100_000)
        self.assertEqual(one.result(stream), {"0": 100})
        other.wait(bindings.MESSAGE, 100, topic="t")
        history.check_deliveries([other.events])

    def test_websockets(self):
        for version in self.each_version():
            port = brokers.free_port()
            self.broker(version, f'websocket {{ listen: "127.0.0.1:{port}", no_tls: true }}\n')
            self.works(f"ws://127.0.0.1:{port}/app")


if __name__ == "__main__":
    unittest.main()
