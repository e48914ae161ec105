"""What the types must allow, and what they must not: for mypy, not to be run."""

from __future__ import annotations

import stepwire


def events() -> None:
    for event in stepwire.events(timeout=None):
        if isinstance(event, stepwire.DataEvent):
            text: str = event.data.decode()
            event.socket.send(text.encode())
        elif isinstance(event, stepwire.DatagramEvent):
            event.socket.send_to(event.data, event.ip, event.port)
        elif isinstance(event, stepwire.ConnectEvent):
            event.server.send_all(bytearray(b"new"), but=event.socket)
        elif isinstance(event, stepwire.DisconnectEvent) and event.error is not None:
            number: int = event.error.number
            print(number, event.socket.data)
        elif isinstance(event, stepwire.ConnectFailedEvent):
            raise event.error
    for view in stepwire.events(copy=False):
        if isinstance(view, stepwire.DataEvent):
            part: memoryview = view.data[1:]
            view.data.decode()  # type: ignore[attr-defined]
            part.release()


async def asynchronous() -> None:
    async for event in stepwire.aio.events():
        if isinstance(event, stepwire.DataEvent):
            event.data.decode()


def sockets() -> None:
    with stepwire.Server(6510, kind="ws", max_clients=32, websocket_origins="https://game.example") as server:
        server.configure(accepting=False)
        server.stat("clients")
    client = stepwire.Client(kind="wss", tls_verify=False)
    client.connect("example.org", 443)
    results: list[stepwire.Error | None] = stepwire.send_many([client], memoryview(b"x"))
    print(results)
    stepwire.Udp(reliable=True, simulate_loss=10)
    stepwire.configure(connect_timeout=4000)
    stepwire.configure(no_delay=False)  # type: ignore[call-arg]
    stepwire.Server(colour=1)  # type: ignore[call-arg]
    stepwire.Server(kind="pigeon")  # type: ignore[arg-type]
    client.send("text")  # type: ignore[arg-type]
    client.stat("colour")  # type: ignore[arg-type]
