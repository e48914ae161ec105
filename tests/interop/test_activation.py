"""Sockets that systemd opens before the program begins, and passes on to each that follows."""

import os
import socket
import subprocess
import sys
import unittest

import gamemaker
import remote
import stepwire
from test_event_loops import HERE, PROLOGUE

SERVE = """
port = int(sys.argv[2])
server = library.network_create_server(stepwire.SOCKET_TCP, port, 9)
assert server >= 0, library.network_last_error()
assert library.network_get_port(server) == port
# It is given once: the next one has to bind, and cannot.
assert library.network_create_server(stepwire.SOCKET_TCP, port, 9) == stepwire.ERROR_ADDRESS_IN_USE
print("ready", flush=True)
event = stepwire.NetworkEvent()
echoed = 0
while not echoed:
    library.network_wait(1000)
    while library.network_poll_event(ctypes.byref(event)) == 1:
        if event.type == stepwire.TYPE_DATA:
            library.network_send_packet(event.id, event.buffer, event.size)
            echoed += 1
assert library.network_set_config(stepwire.CONFIG_ACCEPTING, server, 0) == 0
assert library.network_set_config(stepwire.CONFIG_ACCEPTING, server, 1) == 0
assert library.network_shutdown() == 0
"""


@unittest.skipUnless(sys.platform == "linux", "systemd is Linux's")
@remote.needs_library_here("systemd is Linux's")
class Activation(unittest.TestCase):
    def test_one_process_after_the_other_takes_the_socket_over(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        port = listener.getsockname()[1]
        for mode in ("thread", "manual", "thread"):
            # The player comes while no server runs, and waits.
            early = gamemaker.connect(port)
            self.addCleanup(early.close)
            program = self.start(listener, mode, port)
            early.expect(gamemaker.BANNER)
            early.send(gamemaker.hello())
            early.expect(gamemaker.ACCEPTED)
            early.send_packets(b"here")
            self.assertEqual(early.receive_packet(), b"here")
            _, errors = program.communicate(timeout=60)
            self.assertEqual(program.returncode, 0, errors)

    def start(self, listener, mode, port):
        """A program as systemd would start it: the socket is descriptor 3."""
        environment = {**os.environ, "PYTHONPATH": str(HERE), "STEPWIRE_LIBRARY": stepwire.default_path()}
        shell = 'exec 3<&%d; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"' % listener.fileno()
        return subprocess.Popen(["sh", "-c", shell, "sh", sys.executable, "-c", PROLOGUE + SERVE, mode, str(port)],
                                env=environment, pass_fds=[listener.fileno()], stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True)
