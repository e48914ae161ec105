"""A server for GameMaker games: everybody hears what the others say, who comes and who goes.

    python3 gamemaker_server.py [PORT]

A packet to a client is a kind (buffer_u8), a player's number (buffer_u16) and what that player has sent.
"""

import struct
import sys

import stepwire

WELCOME, JOINED, LEFT, SAID = range(4)


def packet(kind, player, said=b""):
    return struct.pack("<BH", kind, player.data) + said


server = stepwire.Server(int(sys.argv[1]) if len(sys.argv) > 1 else 6510, max_clients=32)
print(f"listening on port {server.local_port}", flush=True)
number = 0
for event in stepwire.events(timeout=None):
    player = event.socket
    if isinstance(event, stepwire.ConnectEvent):
        number += 1
        player.data = number
        stepwire.send_many([player], packet(WELCOME, player))
        for other in server.connections:
            stepwire.send_many({player} - {other}, packet(JOINED, other))
        server.send_all(packet(JOINED, player), but=player)
    elif isinstance(event, stepwire.DataEvent):
        server.send_all(packet(SAID, player, event.data), but=player)
    elif isinstance(event, stepwire.DisconnectEvent):
        server.send_all(packet(LEFT, player))
