"""What fails, and what then happens: brokers, servers, the network between them. The whole history is checked."""

import time
import unittest

import bindings
import history
from case import ClusterCase, Namespaces
from members import wait_for

FAST_PING = {bindings.CONFIG_PING: 200}


class Brokers(ClusterCase):
    def works_within(self, member):
        """Without a broker everything goes on inside the process."""
        member.subscribe("own")
        self.assertEqual(member.publish("own", b"own:0"), bindings.ERROR_NOT_CONNECTED)
        member.wait(bindings.MESSAGE, topic="own")
        room = member.room_open("own", 2, "")
        self.assertEqual(member.outcome(member.find("own"))["type"], bindings.FOUND)
        self.assertEqual(member.outcome(member.find("other"))["error"], bindings.ERROR_NOT_CONNECTED)
        self.assertEqual(member.outcome(member.player_find("nobody"))["error"], bindings.ERROR_NOT_CONNECTED)
        member.player_enter("own player", 1)
        self.assertEqual(member.outcome(member.player_send("own player", b"x"))["type"], bindings.FOUND)
        member.room_close(room)

    def members_of(self, broker):
        one, other = (self.member(broker.url, configs=FAST_PING) for _ in range(2))
        one.subscribe("chat.>")
        other.room_open("arena", 100, "")
        other.player_enter("ada", 1)
        self.settled(one, other)
        return one, other

    def is_renewed(self, one, other):
        """What was there before is there again, without anybody doing anything."""
        for member in (one, other):
            self.assertEqual(member.wait(bindings.UP, 2)["gap"], 1)
        wait_for(lambda: one.outcome(one.find("arena"))["type"] == bindings.FOUND, "the room")
        self.assertEqual(one.outcome(one.player_find("ada"))["server"], other.id)
        self.assertGreaterEqual(other.publish("chat.again", b"again:0"), 0)
        one.wait(bindings.MESSAGE, topic="chat.again")

    def test_a_broker_that_is_killed(self):
        for version in self.each_version():
            broker = self.broker(version)
            one, other = self.members_of(broker)
            broker.kill()
            for member in (one, other):
                member.wait(bindings.DOWN)
            self.works_within(one)
            broker.start()
            self.is_renewed(one, other)

    def test_a_broker_that_stands_still(self):
        for version in self.each_version():
            broker = self.broker(version)
            one, other = self.members_of(broker)
            broker.stop()
            for member in (one, other):
                self.assertEqual(member.wait(bindings.DOWN)["error"], bindings.ERROR_TIMEOUT)
            self.works_within(one)
            broker.go_on()
            self.is_renewed(one, other)

    def test_a_broker_that_is_restarted(self):
        broker = self.broker()
        one, other = self.members_of(broker)
        broker.restart()
        self.is_renewed(one, other)
        self.assertEqual([len(member.having(bindings.DOWN)) for member in (one, other)], [1, 1])

    def test_a_broker_that_comes_late(self):
        broker = self.broker()
        broker.kill()
        member = self.member(broker.url, up=False)
        member.wait(bindings.DOWN)
        self.works_within(member)
        broker.start()
        self.assertEqual(member.wait(bindings.UP)["gap"], 0)
        self.assertEqual(len(member.having(bindings.DOWN)), 1)

    def test_three_brokers_that_lose_one(self):
        for version in self.each_version():
            trio = self.trio(version)
            hosts = [f"127.0.0.1:{broker.port}" for broker in trio]
            urls = ["nats://" + ",".join(hosts[index:] + hosts[:index]) for index in range(3)]
            members = [self.member(url, configs=FAST_PING) for url in urls]
            owner = members[2]
            owner.room_open("arena", 100, "")
            for member in members:
                member.subscribe("chat.>")
            self.settled(*members)
            streams = [member.begin("stream", "chat.x", f"s{index}", 600, 300, 32)
                       for index, member in enumerate(members)]
            for member in members:
                member.wait(bindings.MESSAGE, 200)
            trio[0].kill()
            members[0].wait(bindings.DOWN)
            members[0].wait(bindings.UP, gap=1.0)
            wait_for(lambda: members[0].outcome(members[0].find("arena"))["type"] == bindings.FOUND, "the room")
            results = [member.result(stream) for member, stream in zip(members, streams)]
            self.assertEqual([member.having(bindings.DOWN) for member in members[1:]], [[], []])
            self.assertEqual(results[1:], [{"0": 600}, {"0": 600}])
            counts = history.check_deliveries([member.events for member in members])
            # Who has lost nothing has heard everything of the other who has lost nothing, in the end.
            members[1].wait(bindings.MESSAGE, payload=b"s2:599".ljust(32, b"."))
            members[2].wait(bindings.MESSAGE, payload=b"s1:599".ljust(32, b"."))
            self.assertTrue(all(counts))

    def test_a_player_who_comes_to_two_brokers_at_once_is_in_one_place(self):
        trio = self.trio()
        members = [self.member(broker.url) for broker in trio]
        self.settled(*members)
        for round in range(30):
            name = f"player{round}"
            entries = [member.begin("player_enter", name, round) for member in members]
            self.assertEqual([member.result(entry) for member, entry in zip(members, entries)], [0, 0, 0])
        wait_for(lambda: sum(len(member.having(bindings.PLAYER_ELSEWHERE)) for member in members) >= 60, "all settled")
        self.assertEqual(sum(member.get_stat("players") for member in members), 30)

    def test_the_program_shuts_stepwire_down(self):
        broker = self.broker()
        one, other = self.members_of(broker)
        one.shutdown()
        one.wait(bindings.DOWN)
        one.wait(bindings.UP, gap=1.0)
        wait_for(lambda: one.outcome(one.find("arena"))["type"] == bindings.FOUND, "the room")

    def test_a_history_with_faults(self):
        """Streams and finds go on while the broker is killed, stopped and restarted; then everything is checked."""
        broker = self.broker()
        members = [self.member(broker.url, configs={**FAST_PING, bindings.CONFIG_TICKET_TIME: 60_000})
                   for _ in range(3)]
        for member in members:
            member.subscribe("chat.*")
            member.room_open("arena", 40, "")
        self.settled(*members)
        streams = [member.begin("stream", "chat.x", f"s{index}", 1600, 250, 32)
                   for index, member in enumerate(members)]
        requests = [[] for _ in members]
        faults = [(broker.kill, broker.start), (broker.stop, broker.go_on), (broker.restart, lambda: None)]
        end, next_fault, repair = time.monotonic() + 7, time.monotonic() + 0.7, None
        while time.monotonic() < end:
            for member, asked in zip(members, requests):
                asked.append(member.find("arena"))
            if time.monotonic() > next_fault and (faults or repair):
                next_fault = time.monotonic() + 1
                if repair:
                    repair()
                    repair = None
                else:
                    fault, repair = faults.pop(0)
                    fault()
            time.sleep(0.02)
        if repair:
            repair()
        results = [member.result(stream) for member, stream in zip(members, streams)]
        for index, member in enumerate(members):
            self.assertEqual(sum(results[index].values()), 1600)
            self.assertLessEqual(set(results[index]), {"0", str(bindings.ERROR_NOT_CONNECTED)})
            wait_for(lambda: member.get_stat("requests") == 0 and member.get_stat("events_bytes") == 0, "all ends")
        for index, member in enumerate(members):
            ends = history.check_requests(requests[index], member.events)
            self.assertTrue(any(end["type"] == bindings.FOUND for end in ends.values()))
            history.check_places(member.events, 40, 60)
        counts = history.check_deliveries([member.events for member in members])
        for index, (member, count) in enumerate(zip(members, counts)):
            # One's own messages are never lost.
            self.assertEqual(count[member.id, "chat.x", f"s{index}"], 1600)
        events = [member.events for member in members]
        self.assertGreater(history.check_seats(events, events), 30)


class Servers(ClusterCase):
    def test_a_server_that_is_killed_is_gone_in_moments(self):
        for version in self.each_version():
            broker = self.broker(version)
            dying, asker = self.member(broker.url), self.member(broker.url)
            room = dying.room_name(dying.room_open("arena", 4, ""))
            dying.player_enter("ada", 1)
            self.settled(dying, asker)
            self.assertEqual(asker.outcome(asker.find("arena"))["name"], room)
            dying.kill()
            wait_for(lambda: asker.outcome(asker.player_find("ada"))["error"] == 0, "the broker has noticed")
            for ask in (lambda: asker.find("arena"), lambda: asker.find(room), lambda: asker.player_find("ada"),
                        lambda: asker.player_send("ada", b"x")):
                began = time.monotonic()
                end = asker.outcome(ask())
                self.assertEqual((end["type"], end["error"]), (bindings.NONE, 0))
                # Far less than the request timeout, were it not for the machine.
                self.assertLess(end["at"] - began, 0.2)

    def test_a_server_that_stands_still_for_ten_seconds(self):
        broker = self.broker()
        still = self.member(broker.url, "still:1", configs={bindings.CONFIG_TICKET_TIME: 20_000})
        other, finder = self.member(broker.url, "other:1"), self.member(broker.url)
        full = still.room_open("arena", 3, "")
        still.room_set(full, 1, "")
        name = still.room_name(full)
        still.player_enter("ada", 1)
        self.settled(still, other, finder)
        first = finder.outcome(finder.find("arena"))
        self.assertEqual(first["name"], name)
        still.stop()
        stopped = time.monotonic()
        other.room_open("arena", 1000, "")
        # Who stands still does not answer: the other room is taken.
        ends = [finder.outcome(finder.find("arena")) for _ in range(5)]
        self.assertEqual({end.get("address") for end in ends}, {"other:1"})
        end = finder.outcome(finder.find(name))
        self.assertEqual((end["type"], end["error"]), (bindings.NONE, bindings.ERROR_TIMEOUT))
        self.assertEqual(finder.outcome(finder.player_send("ada", b"x"))["error"], bindings.ERROR_TIMEOUT)
        time.sleep(max(0, stopped + 10 - time.monotonic()))
        still.go_on()
        # Whatever was asked meanwhile and is answered too late is given back: of two places one is promised to the
        # first, the other is free. A ticket of before is still good.
        wait_for(lambda: finder.outcome(finder.player_find("ada"))["type"] == bindings.FOUND, "it answers again")
        last = wait_for(lambda: [end for end in [finder.outcome(finder.find(name))]
                                 if end["type"] == bindings.FOUND], "the free place")[0]
        self.assertEqual(finder.outcome(finder.find(name))["type"], bindings.NONE)
        self.assertEqual(still.room_redeem(full, first["ticket"]), 1)
        self.assertEqual(still.room_redeem(full, last["ticket"]), 1)
        history.check_seats([finder.events], [still.events, other.events])

    def test_a_host_that_does_not_collect_is_told_of_its_gap(self):
        broker = self.broker()
        slow, sender = self.member(broker.url, configs={bindings.CONFIG_QUEUE_LIMIT: 200_000}), self.member(broker.url)
        slow.subscribe("flood")
        slow.room_open("arena", 10, "")
        self.settled(slow, sender)
        slow.set({"collect": False})
        results = sender.result(sender.begin("stream", "flood", "f", 3000, 6000, 1000), timeout=60)
        self.assertEqual(results, {"0": 3000}, "the sender is not made to wait")
        dropped = wait_for(lambda: slow.get_stat("dropped"), "messages are dropped")
        # Whoever has no room for messages promises no places.
        self.assertEqual(sender.outcome(sender.find("arena"))["type"], bindings.NONE)
        self.assertLess(slow.get_stat("events_bytes"), 250_000)
        slow.set({"collect": True})
        self.assertEqual(slow.wait(bindings.UP, 2)["gap"], 1)
        kinds = [event["type"] for event in slow.events]
        self.assertIn(bindings.MESSAGE, kinds[:kinds.index(bindings.UP, kinds.index(bindings.UP) + 1)])
        history.check_deliveries([slow.events])
        got = len(slow.having(bindings.MESSAGE, topic="flood"))
        self.assertEqual(got + slow.get_stat("dropped"), 3000)
        self.assertGreater(dropped, 0)
        self.assertNotIn("Slow Consumer", broker.log.read_text())
        sender.publish("flood", b"g:0")
        wait_for(lambda: slow.having(bindings.MESSAGE, payload=b"g:0"), "messages come again")

    def test_a_process_that_stands_still_in_a_flood_comes_back(self):
        broker = self.broker(config='max_pending: 2000000\n')
        still, sender = self.member(broker.url), self.member(broker.url)
        still.subscribe("flood")
        self.settled(still, sender)
        still.stop()
        for round in range(4):
            result = sender.result(sender.begin("stream", "flood", f"f{round}", 60, 600, 400_000), timeout=60)
            # What the broker does not take at once is refused, not waited for.
            self.assertLessEqual(set(result), {"0", str(bindings.ERROR_QUEUE_FULL)})
        wait_for(lambda: "Slow Consumer" in broker.log.read_text(), "the broker has given it up")
        still.go_on()
        still.wait(bindings.UP, gap=1.0)
        wait_for(lambda: sender.publish("flood", b"g:0") >= 0 and still.having(bindings.MESSAGE, payload=b"g:0"),
                 "it hears again")


class Splits(ClusterCase):
    """Two halves, each with a broker of its own, in network namespaces."""

    def setUp(self):
        super().setUp()
        try:
            self.net = Namespaces(2)
        except OSError as error:
            self.skipTest(f"no network namespaces here: {error}")
        self.addCleanup(self.net.end)

    def test_each_side_finds_its_own_and_the_later_place_of_a_player_wins(self):
        routes = ", ".join(f'"nats://{self.net.address(index)}:6222"' for index in range(2))
        for index in range(2):
            config = (f'server_name: "b{index}"\nping_interval: "500ms"\nping_max: 2\n'
                      f'cluster {{ name: "test", listen: "{self.net.address(index)}:6222", routes: [{routes}] }}')
            self.broker(config=config, port=4222, address=self.net.address(index), namespace=self.net.names[index])
        left, right = (self.member(f"nats://{self.net.address(index)}:4222", f"side{index}:1",
                                   namespace=self.net.names[index], configs=FAST_PING) for index in range(2))
        for member in (left, right):
            member.room_open("arena", 1000, "")
        left.player_enter("ada", 1)
        self.settled(left, right)
        wait_for(lambda: right.outcome(right.player_find("ada")).get("server") == left.id, "one cluster")

        self.net.cut(1)
        wait_for(lambda: right.outcome(right.player_find("ada"))["type"] == bindings.NONE, "the split is noticed")
        for member in (left, right):
            # As long as a broker has not noticed, finds wait for the other half and then take their own.
            self.assertEqual(member.outcome(member.find("arena"))["server"], member.id)
        right.player_enter("ada", 2)
        self.assertEqual(right.outcome(right.player_find("ada"))["server"], right.id)
        self.assertEqual(left.outcome(left.player_find("ada"))["server"], left.id)

        self.net.join(1)
        left.wait(bindings.PLAYER_ELSEWHERE, player="ada", socket=1)
        wait_for(lambda: left.outcome(left.player_find("ada")).get("server") == right.id, "one cluster again")
        self.assertFalse(right.having(bindings.PLAYER_ELSEWHERE))

    def test_a_server_that_is_cut_off_comes_back(self):
        broker = self.broker(port=4222, address=self.net.address(0), namespace=self.net.names[0],
                             config='ping_interval: "500ms"\nping_max: 2\n')
        url = f"nats://{self.net.address(0)}:4222"
        near, far = (self.member(url, namespace=self.net.names[index], configs=FAST_PING) for index in range(2))
        far.subscribe("chat.*")
        far.player_enter("ada", 1)
        near.room_open("arena", 10, "")
        self.settled(near, far)
        self.net.cut(1)
        self.assertEqual(far.wait(bindings.DOWN)["error"], bindings.ERROR_TIMEOUT)
        near.player_enter("ada", 2)
        self.net.join(1)
        far.wait(bindings.UP, gap=1.0)
        # He has entered there later.
        far.wait(bindings.PLAYER_ELSEWHERE, player="ada", socket=1)
        self.assertFalse(near.having(bindings.PLAYER_ELSEWHERE))
        near.publish("chat.x", b"x:0")
        far.wait(bindings.MESSAGE, topic="chat.x")
        self.assertEqual(far.outcome(far.find("arena"))["type"], bindings.FOUND)
        self.assertTrue(broker.process.poll() is None)


if __name__ == "__main__":
    unittest.main()
