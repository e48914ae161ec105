"""What docs/bindings.md wants of every binding, and what is Python's own. Ends with status 1 at the first failure.

    python3 conformance.py            all of it
    python3 conformance.py peer PORT  joins a server and says "here", until it is killed (by the script itself)
"""

import array
import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
import warnings

import stepwire

HOST = "127.0.0.1"
PATIENCE = 20.0


def next_event(kind, of=None, meanwhile=None):
    """The next event, which must be one of `kind` about `of`; others are for `meanwhile`, or failures."""
    deadline = time.monotonic() + PATIENCE
    for event in stepwire.events(PATIENCE):
        if isinstance(event, kind) and (of is None or of in (event.socket, getattr(event, "server", None))):
            return event
        assert meanwhile and meanwhile(event), f"unexpected: {event}"
        assert time.monotonic() < deadline, "it did not come"
    raise AssertionError("nothing came")


def pair(kind="tcp", raw=False):
    """A server, a client that is connected to it, and the server's side of the connection."""
    server = stepwire.Server(kind=kind, raw=raw)
    client = stepwire.Client(kind=kind, raw=raw)
    client.connect_nowait(HOST, server.local_port)
    accepted = connected = None
    while not (accepted and connected):
        event = next_event((stepwire.ConnectEvent, stepwire.ConnectedEvent))
        if isinstance(event, stepwire.ConnectEvent):
            assert event.server is server, event
            accepted = event.socket
        else:
            assert event.socket is client, event
            connected = True
    assert server.connections == [accepted]
    return server, client, accepted


def another(server):
    """One more client, and the server's side of its connection."""
    client = stepwire.Client()
    client.connect_nowait(HOST, server.local_port)
    events = [next_event((stepwire.ConnectEvent, stepwire.ConnectedEvent)) for _ in range(2)]
    return client, next(event.socket for event in events if isinstance(event, stepwire.ConnectEvent))


def exchange(kind, raw=False):
    server, client, accepted = pair(kind, raw)
    for data in (b"hello", b"\0\1\xff", b"x" * 100_000):
        (client.send_raw if raw else client.send)(data)
        there = next_event(stepwire.DataEvent, accepted)
        assert there.data == data and there.server is server
        (accepted.send_raw if raw else accepted.send)(there.data)
        assert next_event(stepwire.DataEvent, client).data == data
    return server, client, accepted


def refusal(kind, call, *arguments, **options):
    """The error that a call is refused with."""
    try:
        call(*arguments, **options)
    except stepwire.Error as error:
        assert type(error) is kind, repr(error)
        assert error.number < 0 and error.name.startswith("network_error_") and len(str(error)) > 10, repr(error)
        return error
    raise AssertionError(f"{call} was not refused")


def server_and_client():
    server, client, accepted = exchange("tcp")
    assert client.send(b"12345") == 17
    next_event(stepwire.DataEvent, accepted)
    client.send(b"")
    assert next_event(stepwire.DataEvent, accepted).data == b""
    client.close()
    event = next_event(stepwire.DisconnectEvent, accepted)
    assert event.error is None and event.server is server
    assert server.connections == []
    server.close()


def several_clients():
    server, first, accepted = pair()
    second, other = another(server)
    accepted.send(b"for the first")
    other.send(b"for the second")
    for _ in range(2):
        event = next_event(stepwire.DataEvent)
        assert event.data == (b"for the first" if event.socket is first else b"for the second")
    server.close()
    gone = {next_event(stepwire.DisconnectEvent).socket for _ in range(2)}
    assert gone == {first, second}
    first.close()
    second.close()


def websockets():
    server, client, accepted = exchange("ws")
    client.close()
    event = next_event(stepwire.DisconnectEvent, accepted)
    assert event.error is None and event.code == 1000
    server.close()


def raw_websockets():
    server, client, accepted = exchange("ws", raw=True)
    client.send_text("text")
    event = next_event(stepwire.DataEvent, accepted)
    assert event.data == b"text" and event.is_text
    accepted.close_with(4001, "enough")
    event = next_event(stepwire.DisconnectEvent, client)
    assert event.code == 4001 and "enough" in event.reason
    client.close()
    server.close()


def udp():
    for reliable in (False, True):
        server = stepwire.Udp(reliable=reliable)
        client = stepwire.Udp(reliable=reliable)
        client.send_to(b"ping", HOST, server.local_port)
        event = next_event(stepwire.DatagramEvent, server)
        assert event.data == b"ping" and event.port == client.local_port and event.reliable is reliable
        server.send_to(b"pong", event.ip, event.port)
        assert next_event(stepwire.DatagramEvent, client).data == b"pong"
        client.send_raw_to(b"raw", HOST, server.local_port)
        event = next_event(stepwire.DatagramEvent, server)
        assert event.data == b"raw" and not event.reliable
        client.close()
        server.close()


def a_client_connects_again():
    server, client, accepted = pair()
    port = server.local_port
    server.close()
    next_event(stepwire.DisconnectEvent, client)
    refusal(stepwire.BadHandleError, accepted.send, b"gone")
    server = stepwire.Server(port)
    client.connect_nowait()
    for _ in range(2):
        next_event((stepwire.ConnectEvent, stepwire.ConnectedEvent))
    client.send(b"again")
    assert next_event(stepwire.DataEvent, server).data == b"again"
    client.close()
    server.close()


def errors():
    server, client, accepted = pair()
    refusal(stepwire.AddressInUseError, stepwire.Server, server.local_port)
    refusal(stepwire.WrongKindError, stepwire.Connection.send, server, b"x")
    refusal(stepwire.WrongKindError, client.send_raw, b"x")
    for port in (70000, -1, 0.5, float("nan"), float("inf"), 10**400):
        refusal(stepwire.BadArgumentError, stepwire.Server, port)
    refusal(stepwire.BadArgumentError, stepwire.Udp, reliable_timeout=float("nan"))
    refusal(stepwire.BadArgumentError, stepwire.configure, connect_timeout=-1)
    error = refusal(stepwire.BusyError, client.connect, HOST, server.local_port)
    assert error.name == "network_error_busy" == stepwire.lib.network_error_name(error.number).decode()
    assert {kind.name for kind in stepwire.Error.__subclasses__()} == set(stepwire.abi.ERRORS.values())
    client.close()
    refusal(stepwire.BadHandleError, client.send, b"x")
    refusal(stepwire.BadHandleError, client.close_with, 1000)
    client.close()
    next_event(stepwire.DisconnectEvent, accepted)
    port = server.local_port
    server.close()
    lost = stepwire.Client()
    lost.connect_nowait(HOST, port)
    event = next_event(stepwire.ConnectFailedEvent, lost)
    assert event.error.number < 0 and len(str(event.error)) > 10
    refusal(type(event.error), lost.connect)
    lost.close()


def what_makes_no_sense_in_python():
    server, client, accepted = pair()
    for call in (
        lambda: stepwire.Server(None),
        lambda: stepwire.Server("6510"),
        lambda: client.send(None),
        lambda: client.send("text"),
        lambda: client.send(5),
        lambda: stepwire.Group([None]),
        lambda: stepwire.send_many([server], b""),
        lambda: stepwire.configure(connect_timeout=None),
        lambda: stepwire.configure_default(tls_ca_file=5),
        lambda: stepwire.wait("1"),
        lambda: client.set_timeouts("1"),
    ):
        try:
            call()
        except TypeError:
            continue
        raise AssertionError(call)
    for call in (
        lambda: stepwire.Server(kind="pigeon"),
        lambda: stepwire.configure(colour=1),
        lambda: stepwire.configure(manual_io=2),
        lambda: client.configure(avoid_time_wait=False),
        lambda: client.connect("a\0b"),
        lambda: client.connect("\udc00"),
        lambda: client.send(memoryview(b"abcdef")[::2]),
        lambda: client.stat("colour"),
    ):
        try:
            call()
        except (ValueError, BufferError):
            continue
        raise AssertionError(call)
    with stepwire.Client() as new:
        try:
            new.connect()
        except TypeError:
            pass
        else:
            raise AssertionError("connected to nobody")
    client.send(b"still there")
    assert next_event(stepwire.DataEvent, accepted).data == b"still there"
    client.close()
    server.close()


def ten_thousand_messages_in_order():
    for kind in ("tcp", "ws"):
        server, client, accepted = pair(kind)
        count, sent, came = 10_000, 0, 0

        def echo(event, accepted=accepted):
            assert event.socket is accepted
            return accepted.send(event.data)

        while came < count:
            while sent < count and sent - came < 1000:
                sent += 1
                client.send(b"%d" % sent)
            came += 1
            assert next_event(stepwire.DataEvent, client, echo).data == b"%d" % came
        client.close()
        server.close()


def payloads_come_back_as_they_were():
    server, client, accepted = pair()
    for turn in range(200):
        data = (b"%d:" % turn + bytes([turn]) * 5000)[: turn * 37 % 5001]
        client.send(data)
        event = next_event(stepwire.DataEvent, accepted)
        gc.collect()
        assert event.data == data
    client.close()
    server.close()


def buffers_of_all_kinds():
    server, client, accepted = pair()
    floats = array.array("f", [1.0, 2.0])
    structure = (ctypes.c_uint16 * 3)(1, 2, 3)
    given = [b"bytes", bytearray(b"bytearray"), memoryview(b"memoryview")[3:], floats, structure, bytearray(), memoryview(b"")]
    for data in given:
        client.send(data)
        assert next_event(stepwire.DataEvent, accepted).data == bytes(data)
    # It is lent for the time of the call alone.
    grows = bytearray(b"x")
    client.send(grows)
    grows += b"y"
    assert next_event(stepwire.DataEvent, accepted).data == b"x"
    client.close()
    server.close()


def views_without_a_copy():
    server, client, accepted = pair()
    big = os.urandom(300_000)
    for data in (big, b"", b"small"):
        client.send(data)
        assert stepwire.wait(PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while (event := stepwire.poll(copy=False)) is None:
            assert time.monotonic() < deadline
            stepwire.wait(1)
        assert event.data == data and event.data.readonly
        view = event.data
        if not data:
            continue
        # A slice that is kept must not outlive the bytes: the next poll is refused, and nothing is lost.
        part = view[1:3]
        try:
            stepwire.poll()
        except BufferError:
            pass
        else:
            raise AssertionError("a poll under the feet of a view")
        assert bytes(part) == data[1:3]
        part.release()
        assert stepwire.poll() is None
        try:
            view[0]
        except ValueError:
            continue
        raise AssertionError("a view that outlives its bytes")
    client.close()
    server.close()


def a_peer_that_dies():
    server = stepwire.Server()
    with subprocess.Popen([sys.executable, __file__, "peer", str(server.local_port)]) as peer:
        client = next_event(stepwire.ConnectEvent, server).socket
        assert next_event(stepwire.DataEvent, client).data == b"here"
        peer.kill()
        next_event(stepwire.DisconnectEvent, client)
    server.close()


def what_can_be_asked():
    server, client, accepted = pair()
    assert accepted.ip == accepted.string("ip") == HOST and accepted.port == client.local_port
    client.send(b"12345")
    next_event(stepwire.DataEvent, accepted)
    assert accepted.stat("packets_received") == 1 and stepwire.stat("packets_sent") >= 1
    assert stepwire.resolve(HOST) == HOST
    assert stepwire.__version__ == stepwire.lib.network_version().decode()
    assert stepwire.wait(0) is False
    assert "stepwire" in stepwire.metrics() and all(stepwire.addresses())
    accepted.set_timeouts(read=30, write=0.5)
    client.configure(no_delay=False, send_queue_limit=100_000)
    client.close()
    server.close()


def groups():
    server, client, accepted = pair()
    second, other = another(server)
    group = stepwire.Group([accepted])
    assert group.add(other) and not group.add(other) and len(group) == 2
    assert group.send(b"to all") == 2 and server.send_all(b"but one", but=accepted) == 1
    got = [next_event(stepwire.DataEvent) for _ in range(3)]
    assert [event.data for event in got if event.socket is client] == [b"to all"]
    assert [event.data for event in got if event.socket is second] == [b"to all", b"but one"]
    assert group.remove(other) and group.send(bytearray(b"to one")) == 1
    next_event(stepwire.DataEvent, client)
    results = stepwire.send_many([accepted, other], b"chosen")
    assert results == [None, None]
    for _ in range(2):
        next_event(stepwire.DataEvent)
    group.close()
    for socket in (client, second, server):
        socket.close()
    assert [type(result) for result in stepwire.send_many([accepted], b"")] == [stepwire.BadHandleError]


def with_blocks_and_forgotten_sockets():
    with stepwire.Server() as server, stepwire.Client() as client:
        client.connect(HOST, server.local_port)
        next_event(stepwire.ConnectEvent, server)
        port = server.local_port
    assert server.closed and client.closed
    refusal(stepwire.BadHandleError, client.send, b"x")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        forgotten = stepwire.Server(port)
        others = stepwire.stat("sockets")
        del forgotten
        gc.collect()
    assert [warning.category for warning in caught] == [ResourceWarning], caught
    assert stepwire.stat("sockets") == others - 1
    # A server with connections, which refer to it.
    server, client, accepted = pair()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        del server, accepted
        gc.collect()
    next_event(stepwire.DisconnectEvent, client)
    client.close()


def threads():
    """Everybody sends, and everybody polls: nothing is lost, nothing comes twice."""
    server, client, accepted = pair()
    senders, each = 4, 500
    got, lock, over = [], threading.Lock(), threading.Event()

    def send(number):
        for turn in range(each):
            client.send(b"%d %d" % (number, turn))

    def collect():
        while not over.is_set():
            for event in stepwire.events():
                with lock:
                    got.append(bytes(event.data))
                    if len(got) == senders * each:
                        over.set()
                        stepwire.wake()
            stepwire.wait(0.05)

    workers = [threading.Thread(target=send, args=[number]) for number in range(senders)]
    workers += [threading.Thread(target=collect) for _ in range(2)]
    for worker in workers:
        worker.start()
    assert over.wait(PATIENCE), len(got)
    for worker in workers:
        worker.join()
    assert len(set(got)) == senders * each
    # A signal handler that polls in the midst of a poll of its own thread must not wait for it.
    with sys.modules["stepwire.events"]._lock:
        refusal(stepwire.BusyError, stepwire.poll)
    client.close()
    server.close()


def waits_end():
    started = time.monotonic()
    waker = threading.Timer(0.05, stepwire.wake)
    waker.start()
    assert stepwire.wait() is False
    waker.join()
    stepwire.wake()
    assert stepwire.wait() is False, "a wake before the wait"
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with contextlib.suppress(KeyboardInterrupt):
            stepwire.wait(PATIENCE)
            raise AssertionError("no KeyboardInterrupt")
    assert time.monotonic() - started < PATIENCE


def with_asyncio():
    async def serve(server, wanted):
        async for event in stepwire.aio.events():
            if isinstance(event, stepwire.DataEvent):
                event.socket.send(event.data)
                wanted -= 1
                if not wanted:
                    return

    async def talk():
        server = stepwire.Server()
        serving = asyncio.ensure_future(serve(server, 300))
        # Another library's socket in the same loop: GameMaker's protocol by hand.
        reader, writer = await asyncio.open_connection(HOST, server.local_port)
        assert await reader.readexactly(18) == b"GM:Studio-Connect\0"
        words = (0xCAFEBABE, 0xDEADB00B, 16, 0)
        writer.write(b"".join(word.to_bytes(4, "little") for word in words))
        await reader.readexactly(12)
        packet = b"".join(word.to_bytes(4, "little") for word in (0xDEADC0DE, 12, 5)) + b"hello"
        for count in (1, 99, 200):
            writer.write(packet * count)
            assert await reader.readexactly(len(packet) * count) == packet * count
        await serving
        # A task that waits is cancelled, and another waits instead.
        for _ in range(2):
            waiting = asyncio.ensure_future(stepwire.aio.readable())
            await asyncio.sleep(0)
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await waiting
        writer.close()
        await stepwire.aio.readable()
        next_event(stepwire.DisconnectEvent, server)
        server.close()

    asyncio.run(asyncio.wait_for(talk(), PATIENCE))


def manual_io():
    stepwire.configure(manual_io=True)
    sockets = exchange("tcp")
    stepwire.shutdown()
    assert all(socket.closed for socket in sockets)


def shutdown_and_a_new_start():
    _, client, _ = pair()
    stepwire.shutdown()
    refusal(stepwire.BadHandleError, client.send, b"x")
    server, again, _ = pair()
    again.close()
    server.close()


CASES = [
    server_and_client,
    several_clients,
    websockets,
    raw_websockets,
    udp,
    a_client_connects_again,
    errors,
    what_makes_no_sense_in_python,
    ten_thousand_messages_in_order,
    payloads_come_back_as_they_were,
    buffers_of_all_kinds,
    views_without_a_copy,
    a_peer_that_dies,
    what_can_be_asked,
    groups,
    with_blocks_and_forgotten_sockets,
    threads,
    waits_end,
    with_asyncio,
    manual_io,
    shutdown_and_a_new_start,
]


def be_a_peer(port):
    socket = stepwire.Client()
    socket.connect(HOST, port)
    socket.send(b"here")
    for _ in stepwire.events(PATIENCE):
        pass


def main():
    if sys.argv[1:2] == ["peer"]:
        be_a_peer(int(sys.argv[2]))
        return
    for case in CASES:
        stepwire.configure(bind_address=HOST)
        try:
            case()
        except Exception:
            print("FAIL", case.__name__, flush=True)
            traceback.print_exc()
            os._exit(1)
        print("ok  ", case.__name__, flush=True)
        # Each begins without what the one before has left; options are reset too.
        stepwire.shutdown()


if __name__ == "__main__":
    main()
