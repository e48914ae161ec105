"""Programs with an event loop of their own: waits that are ended from elsewhere, and a descriptor to wait for."""

import os
import pathlib
import subprocess
import sys
import textwrap
import unittest

import remote
import stepwire

HERE = pathlib.Path(__file__).resolve().parent

PROLOGUE = """
import ctypes, os, select, signal, socket, sys, threading, time
import gamemaker, stepwire
library = stepwire.Stepwire()
if sys.argv[1] == "manual":
    assert library.network_set_config(stepwire.CONFIG_MANUAL_IO, 1, 0) == 0

def waited(ms):
    start = time.monotonic()
    result = library.network_wait(ms)
    return result, time.monotonic() - start
"""


@remote.needs_library_here("these programs load it themselves")
class EventLoopTestCase(unittest.TestCase):
    def run_program(self, body, modes=("thread", "manual")):
        """A process of its own: signals and descriptors are a whole process's."""
        for mode in modes:
            with self.subTest(mode):
                program = PROLOGUE + textwrap.dedent(body)
                environment = {**os.environ, "PYTHONPATH": str(HERE), "STEPWIRE_LIBRARY": stepwire.default_path()}
                done = subprocess.run([sys.executable, "-c", program, mode], env=environment, timeout=60,
                                      capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)


class Wake(EventLoopTestCase):
    def test_the_next_wait_ends_at_once_and_the_one_after_does_not(self):
        self.run_program("""
            assert library.network_wake() == 0
            assert library.network_wake() == 0
            result, took = waited(20000)
            assert result == 0 and took < 10, (result, took)
            result, took = waited(60)
            assert result == 0 and took >= 0.05, (result, took)
        """)

    def test_a_wait_that_sleeps_ends(self):
        self.run_program("""
            def later():
                time.sleep(0.1)
                library.network_wake()
            for with_socket in (False, True):
                if with_socket:
                    server = library.network_create_server(stepwire.SOCKET_TCP, 0, 1)
                thread = threading.Thread(target=later)
                thread.start()
                result, took = waited(20000)
                thread.join()
                assert result == 0 and 0.05 < took < 10, (result, took)
            assert library.network_shutdown() == 0
            # A later life of the library hears it too.
            thread = threading.Thread(target=later)
            thread.start()
            result, took = waited(20000)
            thread.join()
            assert result == 0 and took < 10, (result, took)
        """)

    def test_from_a_signal_handler_of_c(self):
        self.run_program("""
            # The handler is the C function itself: no Python runs in it.
            libc = ctypes.CDLL(None)
            libc.signal.argtypes = [ctypes.c_int, ctypes.c_void_p]
            libc.signal.restype = ctypes.c_void_p
            libc.signal(signal.SIGUSR1, ctypes.cast(library.network_wake, ctypes.c_void_p))
            server = library.network_create_server(stepwire.SOCKET_TCP, 0, 1)
            for _ in range(50):
                threading.Timer(0.01, lambda: os.kill(os.getpid(), signal.SIGUSR1)).start()
                result, took = waited(20000)
                assert result == 0 and took < 10, (result, took)
        """)


class Descriptor(EventLoopTestCase):
    def test_it_is_readable_while_events_wait(self):
        self.run_program("""
            descriptor = int(library.network_get_descriptor())
            assert descriptor >= 0 and library.network_get_descriptor() == descriptor
            readable = lambda seconds: bool(select.select([descriptor], [], [], seconds)[0])
            event = stepwire.NetworkEvent()
            for life in range(2):
                assert not readable(0)
                server = library.network_create_server(stepwire.SOCKET_TCP, 0, 9)
                port = int(library.network_get_port(server))
                peers = [gamemaker.join(port) for _ in range(3)]
                assert readable(20)
                for left in (3, 2, 1):
                    assert library.network_wait(20000) == 1
                    assert readable(20), left
                    assert library.network_poll_event(ctypes.byref(event)) == 1
                assert not readable(0)
                peers[0].send_packets(b"one", b"two")
                assert readable(20)
                seen = []
                callback = stepwire.NetworkCallback(lambda event, _: seen.append(event.contents.size))
                deadline = time.monotonic() + 20
                while len(seen) < 2:
                    assert time.monotonic() < deadline
                    library.network_poll(callback, None)
                assert not readable(0)
                peers[0].send_packets(b"left behind")
                assert readable(20)
                assert library.network_shutdown() == 0
                assert not readable(0)
        """, modes=("thread",))

    def test_asyncio_waits_for_it(self):
        self.run_program("""
            import asyncio

            async def serve():
                server = library.network_create_server(stepwire.SOCKET_TCP, 0, 9)
                port = int(library.network_get_port(server))
                loop, event, echoed = asyncio.get_running_loop(), stepwire.NetworkEvent(), asyncio.Event()

                def collect():
                    while library.network_poll_event(ctypes.byref(event)) == 1:
                        if event.type == stepwire.TYPE_DATA:
                            library.network_send_packet(event.id, event.buffer, event.size)
                            echoed.set()

                loop.add_reader(int(library.network_get_descriptor()), collect)

                def play():
                    with gamemaker.join(port) as peer:
                        peer.send_packets(b"hello")
                        return peer.receive_packet()

                answer = await asyncio.wait_for(loop.run_in_executor(None, play), 30)
                assert answer == b"hello" and echoed.is_set()

            asyncio.run(serve())
        """, modes=("thread",))


class Addresses(EventLoopTestCase):
    def test_those_of_this_machine_that_others_reach(self):
        self.run_program("""
            import ipaddress
            found = []
            while text := library.network_get_address(len(found)):
                found.append(ipaddress.ip_address(text.decode()))
            assert library.network_get_address(len(found) + 1) == b""
            assert not any(ip.is_loopback or ip.is_link_local for ip in found), found
            assert [ip.version for ip in found] == sorted(ip.version for ip in found)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                try:
                    probe.connect(("192.0.2.1", 9))
                    assert ipaddress.ip_address(probe.getsockname()[0]) in found, found
                except OSError:
                    pass  # there is no route to anywhere
            for wrong in (-1, 0.5, float("nan")):
                assert library.network_get_address(wrong) == b""
                assert library.network_last_error()
        """, modes=("thread",))


if __name__ == "__main__":
    unittest.main()
