"""WebSocket servers that send back every message: one greets like GameMaker's, one does not.

Prints "handshake PORT" and "raw PORT", and serves until its input ends.
"""

import asyncio
import struct
import sys

from websockets.asyncio.server import serve

LARGEST_MESSAGE = 1 << 24


async def greet(socket):
    """GameMaker's handshake, the server's side."""
    await socket.send(b"GM:Studio-Connect\0")
    answer = await socket.recv()
    if not isinstance(answer, bytes) or len(answer) != 16:
        raise ValueError(f"a handshake of 16 bytes, not {answer!r}")
    if struct.unpack("<3I", answer[:12]) != (0xCAFEBABE, 0xDEADB00B, 16):
        raise ValueError(f"not GameMaker's handshake: {answer.hex()}")
    await socket.send(struct.pack("<3I", 0xDEAFBEAD, 0xF00DBEEB, 12))


async def echo(socket):
    async for message in socket:
        await socket.send(message)


async def greet_and_echo(socket):
    await greet(socket)
    await echo(socket)


async def main():
    async with (
        serve(greet_and_echo, "127.0.0.1", 0, max_size=LARGEST_MESSAGE) as handshake,
        serve(echo, "127.0.0.1", 0, max_size=LARGEST_MESSAGE) as raw,
    ):
        for name, server in (("handshake", handshake), ("raw", raw)):
            print(name, server.sockets[0].getsockname()[1], flush=True)
        # Until the test has ended, whichever way.
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
