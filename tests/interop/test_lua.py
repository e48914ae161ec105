"""The Lua binding under LuaJIT: its examples against the Python peer."""

import os
import shutil
import subprocess
import unittest

import gamemaker
import remote
import stepwire
from hosting import DEADLINE
from test_gmcat import ROOT

LUAJIT = shutil.which("luajit")
BINDING = ROOT / "bindings/lua"


@unittest.skipUnless(LUAJIT, "there is no luajit")
@remote.needs_library_here("Lua loads it itself")
class Lua(unittest.TestCase):
    ENVIRONMENT = dict(os.environ, STEPWIRE_LIBRARY=stepwire.default_path(), LUA_PATH=f"{BINDING}/?.lua;;")

    def run_lua(self, *words, **environment):
        return subprocess.run([LUAJIT, *map(str, words)], capture_output=True, timeout=120, text=True,
                              env=dict(self.ENVIRONMENT, **environment))

    def test_the_echo_server(self):
        command = [LUAJIT, str(BINDING / "echo_server.lua"), "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=self.ENVIRONMENT) as server:
            try:
                port = int(server.stdout.readline().rsplit(None, 1)[1])
                with gamemaker.join(port) as peer:
                    peer.send_packets(b"hello", b"", bytes(range(256)))
                    self.assertEqual(peer.receive_packets(3), [b"hello", b"", bytes(range(256))])
            finally:
                server.kill()

    def test_the_love_example_compiles(self):
        for name in "main", "conf":
            done = self.run_lua("-bl", BINDING / f"love/{name}.lua")
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_library_that_is_not_there(self):
        done = self.run_lua("-e", "require('stepwire')", STEPWIRE_LIBRARY="/no/where")
        # A library that the system has installed would serve as well.
        if done.returncode:
            self.assertIn("the library cannot be loaded", done.stderr)
            self.assertIn("/no/where", done.stderr)


if __name__ == "__main__":
    unittest.main()
