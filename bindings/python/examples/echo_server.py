"""Sends back whatever comes:  python3 echo_server.py [PORT]"""

import sys

import stepwire

server = stepwire.Server(int(sys.argv[1]) if len(sys.argv) > 1 else 6510)
print(f"listening on port {server.local_port}", flush=True)
for event in stepwire.events(timeout=None):
    if isinstance(event, stepwire.DataEvent):
        event.socket.send(event.data)
