"""The checker: what the members of a cluster have recorded, held against what is promised."""

import collections

import bindings


def check_deliveries(subscribers):
    """Each message of a stream reached each subscriber at most once, and in the order sent.

    Streams publish payloads "name:number"; `subscribers` are lists of events. Returns how many of which stream
    each subscriber got.
    """
    received = []
    for events in subscribers:
        numbers = collections.defaultdict(list)
        for event in events:
            if event["type"] == bindings.MESSAGE and event["topic"]:
                name, number = event["payload"].rstrip(b".").decode().split(":")
                numbers[event["from"], event["topic"], name].append(int(number))
        for stream, got in numbers.items():
            twice = [number for number, count in collections.Counter(got).items() if count > 1]
            assert not twice, f"delivered twice: {stream} {twice[:10]}"
            wrong = [pair for pair in zip(got, got[1:]) if pair[0] >= pair[1]]
            assert not wrong, f"out of order: {stream} {wrong[:10]}"
        received.append({stream: len(got) for stream, got in numbers.items()})
    return received


def check_requests(requests, events):
    """Each request has ended with exactly one event. Returns those events by request."""
    ends = collections.defaultdict(list)
    for event in events:
        if event["type"] in (bindings.FOUND, bindings.NONE):
            ends[event["request"]].append(event)
    for request in requests:
        assert len(ends[request]) == 1, f"request {request} ended with {ends[request]}"
    unasked = set(ends) - set(requests)
    assert not unasked, f"ends without a request: {sorted(unasked)}"
    return {request: ends[request][0] for request in requests}


def check_seats(finders, owners):
    """No seat was given twice: each ticket was found once, by one, and its room's own server knows of it."""
    tickets = collections.Counter()
    for events in finders:
        tickets.update(event["ticket"] for event in events if event["type"] == bindings.FOUND and event["ticket"])
    twice = [ticket for ticket, count in tickets.items() if count > 1]
    assert not twice, f"found twice: {twice}"
    promised = collections.Counter(
        event["ticket"] for events in owners for event in events if event["type"] == bindings.SEAT)
    assert all(count == 1 for count in promised.values()), "a ticket was given twice"
    unknown = set(tickets) - set(promised)
    assert not unknown, f"nobody has promised {unknown}"
    return len(tickets)


def check_places(owner, places, ticket_time):
    """At no time were more places of a room promised than it has, if nobody has taken one meanwhile."""
    promised = collections.defaultdict(list)
    for event in owner:
        if event["type"] == bindings.SEAT:
            promised[event["room"]].append(event["at"])
    for room, times in promised.items():
        for index, at in enumerate(times):
            # Events are collected a moment after the promise was made, hence the margin.
            open_then = sum(1 for other in times[:index + 1] if other > at - ticket_time * 0.9)
            assert open_then <= places, f"room {room} of {places} places promised {open_then}"
