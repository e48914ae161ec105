"""The files of docs/dedicated-server, checked by the programs that read them where those can be had."""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

import arena
import stepwire
from balancers import HAPROXY, NGINX, NGINX_MODULES, free_ports
from certificates import Authority
from hosting import DEADLINE

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "docs/dedicated-server"
ARCHIVE = pathlib.Path(stepwire.default_path()).with_name("libstepwire.a")
SYSTEMD, PROMTOOL = shutil.which("systemd-analyze"), shutil.which("promtool")

try:
    import yaml
except ImportError:
    yaml = None


class Deployment(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def copy(self, name, *replaced):
        """A copy of a file with some of its words replaced, each of which must be there."""
        text = (DEPLOY / name).read_text()
        for old, new in replaced:
            self.assertIn(old, text)
            text = text.replace(old, str(new))
        copy = self.folder / name
        copy.write_text(text)
        return copy

    def run_program(self, *command, **options):
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, **options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def certificate(self):
        authority = Authority()
        self.addCleanup(authority.close)
        return authority.certify("arena")

    @unittest.skipUnless(HAPROXY, "there is no haproxy (Debian: apt-get install haproxy)")
    def test_haproxy(self):
        pem = self.folder / "arena.pem"
        pem.write_text("".join(path.read_text() for path in self.certificate()))
        config = self.copy("haproxy.cfg", ("/etc/haproxy/arena.pem", pem))
        self.assertNotIn("WARNING", self.run_program(HAPROXY, "-c", "-f", config))

    @unittest.skipUnless(NGINX and (NGINX_MODULES / "ngx_stream_module.so").exists(),
                         "there is no nginx (Debian: apt-get install libnginx-mod-stream)")
    def test_nginx(self):
        chain, key = self.certificate()
        live = "/etc/letsencrypt/live/arena.example.com"
        ports = free_ports(2)
        config = self.copy("nginx.conf", (f"{live}/fullchain.pem", chain), (f"{live}/privkey.pem", key),
                           ("/run/nginx.pid", self.folder / "pid"), ("listen 6510;", f"listen {ports[0]};"),
                           ("listen 443 ssl;", f"listen {ports[1]} ssl;"))
        self.run_program(NGINX, "-t", "-p", self.folder, "-c", config, "-e", self.folder / "log")

    @unittest.skipUnless(SYSTEMD, "there is no systemd-analyze")
    def test_systemd_units(self):
        self.copy("arena.socket")
        unit = self.copy("arena.service", ("/opt/arena/arena_server", shutil.which("true")))
        output = self.run_program(SYSTEMD, "verify", "--man=no", unit, self.folder / "arena.socket")
        self.assertNotIn("arena.", output)

    @unittest.skipUnless(PROMTOOL, "there is no promtool (Debian: apt-get install prometheus)")
    def test_alert_rules(self):
        self.assertIn("6 rules found", self.run_program(PROMTOOL, "check", "rules", DEPLOY / "alerts.yml"))

    @unittest.skipUnless(yaml, "there is no yaml for Python")
    def test_alert_rules_are_about_metrics_that_exist(self):
        [group] = yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"]
        source = (DEPLOY.parents[1] / "src/counters/prometheus.rs").read_text()
        self.assertEqual(len({rule["alert"] for rule in group["rules"]}), 6)
        for rule in group["rules"]:
            for word in rule["expr"].replace("(", " ").replace("{", " ").split():
                if word.startswith("stepwire_"):
                    name = word.removeprefix("stepwire_").removeprefix("server_")
                    self.assertIn(f'"{name}"', source)
            self.assertTrue(rule["annotations"]["summary"])

    @unittest.skipUnless(arena.SERVER.exists(), "arena_server is not built")
    def test_the_renewal_hook_reloads_the_server(self):
        chain, key = self.certificate()
        lineage, tls = self.folder / "lineage", self.folder / "tls"
        lineage.mkdir()
        shutil.copy(chain, lineage / "fullchain.pem")
        shutil.copy(key, lineage / "privkey.pem")
        reload = self.folder / "reload"
        owner = str(os.getuid())
        environment = {**os.environ, "RENEWED_LINEAGE": str(lineage), "ARENA_CERTIFICATES": str(tls), "ARENA_OWNER": owner,
                       "ARENA_RELOAD": f"touch {reload}"}
        self.run_program(DEPLOY / "renew-certificate", env=environment)
        self.assertTrue(reload.exists())
        server = arena.Arena(0, "--bind", "127.0.0.1", "--cert", tls / "fullchain.pem", "--key", tls / "privkey.pem")
        self.addCleanup(server.close)
        server.port("wss")
        environment["ARENA_RELOAD"] = f"kill -HUP {server.process.pid}"
        self.run_program(DEPLOY / "renew-certificate", env=environment)
        server.find("the certificate was read again", DEADLINE)

    @unittest.skipUnless(ARCHIVE.exists() and shutil.which("cc"), "there is no libstepwire.a, or no C compiler")
    def test_what_the_image_holds_runs_alone_and_is_small(self):
        """The Dockerfile's own command for the program, then the program in a folder with nothing else, as its user."""
        text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
        [command] = re.findall(r"^RUN (cc .*)$", text, re.M)
        image = self.folder / "image"
        image.mkdir()
        places = {"target/release/libstepwire.a": str(ARCHIVE), "/arena_server": str(image / "arena_server")}
        self.run_program(*(places.get(word, word) for word in shlex.split(command)), cwd=DEPLOY.parents[1])
        self.assertLess((image / "arena_server").stat().st_size, 20_000_000)
        [user] = re.findall(r"^USER (\d+:\d+)$", text, re.M)
        [words] = re.findall(r"^CMD (\[.*\])$", text, re.M)
        words = json.loads(words)
        words[0] = "0"
        if os.geteuid() == 0:
            self.folder.chmod(0o755)
            command = ["chroot", f"--userspec={user}", image, "/arena_server", *words]
        else:
            command = [image / "arena_server", *words]
        server = arena.Arena(command=command)
        self.addCleanup(server.close)
        connection = arena.Connection(server.port("tcp"), "visitor")
        self.addCleanup(connection.close)
        connection.receive_until(arena.SNAPSHOT)
        server.ask_to_drain()
        connection.receive_until(arena.MOVING)
        connection.close()
        self.assertEqual(server.wait(), 0)


if __name__ == "__main__":
    unittest.main()
