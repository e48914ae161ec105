"""Health and metrics over HTTP on the port of a WebSocket server, asked by Python's own HTTP client."""

import http.client
import socket

import frames
import stepwire
from hosting import DEADLINE, HostTestCase, both_io_modes

try:
    from prometheus_client.parser import text_string_to_metric_families
except ImportError:
    text_string_to_metric_families = None


@both_io_modes
class Http(HostTestCase):
    def listen_http(self, **paths):
        server = self.host.must("network_create_server", stepwire.SOCKET_WS, 0, 1)
        for option, path in paths.items():
            number = getattr(stepwire, f"CONFIG_HTTP_{option.upper()}")
            self.host.must("network_set_config_string", number, server, path)
        return server, int(self.host.must("network_get_port", server))

    def ask(self, port, path, method="GET", version=11):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
        connection._http_vsn, connection._http_vsn_str = version, f"HTTP/1.{version % 10}"
        connection.request(method, path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    def test_health_is_told_to_get_and_head_of_both_versions(self):
        server, port = self.listen_http(health="/health")
        for version in (10, 11):
            answer, body = self.ask(port, "/health", version=version)
            self.assertEqual((answer.status, body), (200, b"ok\n"))
            self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "*")
            answer, body = self.ask(port, "/health?verbose", method="HEAD", version=version)
            self.assertEqual((answer.status, body, answer.headers["Content-Length"]), (200, b"", "3"))
        # A full server is healthy; WebSockets are served beside it.
        peer = frames.join(port)
        self.assertEqual(self.ask(port, "/health")[0].status, 200)
        peer.close()
        self.assertEqual(self.host.call("network_get_stat", server, "handshakes_failed"), 0)
        self.assertEqual(self.host.call("network_get_stat", server, "refused"), 0)
        self.assertEqual(self.host.call("network_next_log"), "")

    def test_pages_may_ask_whether_they_may(self):
        server, port = self.listen_http(health="/health", metrics="/metrics")
        for version in (10, 11):
            answer, body = self.ask(port, "/health", method="OPTIONS", version=version)
            self.assertEqual((answer.status, body), (204, b""))
            self.assertEqual(answer.headers["Access-Control-Allow-Origin"], "*")
            self.assertEqual(answer.headers["Access-Control-Allow-Methods"], "GET, HEAD")
            self.assertEqual(answer.headers["Access-Control-Allow-Headers"], "*")
        # Not the counters, which are nobody's business.
        self.assertEqual(self.ask(port, "/metrics", method="OPTIONS")[0].status, 405)
        self.assertEqual(self.ask(port, "/", method="OPTIONS")[0].status, 405)
        self.assertEqual(self.host.call("network_get_stat", server, "clients"), 0)

    def test_everything_else_is_as_before(self):
        server, port = self.listen_http(health="/health")
        for method, path, status in (("GET", "/", 426), ("GET", "/healthy", 426), ("GET", "/metrics", 426),
                                     ("POST", "/health", 405), ("DELETE", "/health", 405)):
            self.assertEqual(self.ask(port, path, method)[0].status, status, (method, path))
        self.host.must("network_set_config_string", stepwire.CONFIG_HTTP_HEALTH, server, "")
        self.assertEqual(self.ask(port, "/health")[0].status, 426)
        for wrong in ("health", "/a b", "/x?y", "/x#y"):
            failed = self.host.call("network_set_config_string", stepwire.CONFIG_HTTP_HEALTH, server, wrong)
            self.assertEqual(failed, stepwire.ERROR_BAD_ARGUMENT)
        tcp, _ = self.host.listen()
        failed = self.host.call("network_set_config_string", stepwire.CONFIG_HTTP_HEALTH, tcp, "/health")
        self.assertEqual(failed, stepwire.ERROR_WRONG_KIND)

    def test_a_server_that_drains_says_so_to_who_was_there(self):
        server, port = self.listen_http(health="/health")
        with socket.create_connection(("127.0.0.1", port), DEADLINE) as early:
            early.sendall(b"GET /hea")
            self.host.must("network_set_config", stepwire.CONFIG_ACCEPTING, server, 0)
            early.sendall(b"lth HTTP/1.1\r\nHost: h\r\n\r\n")
            answer = b"".join(iter(lambda: early.recv(4096), b""))
        self.assertTrue(answer.startswith(b"HTTP/1.1 503 "), answer)
        self.assertTrue(answer.endswith(b"draining\n"), answer)

    def test_metrics(self):
        server, port = self.listen_http(metrics="/metrics")
        answer, body = self.ask(port, "/metrics")
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertIsNone(answer.headers["Access-Control-Allow-Origin"])
        self.assertIn(f'stepwire_server_clients{{server="{int(server)}",port="{port}"}} 0\n'.encode(), body)
        if text_string_to_metric_families:
            self.assertGreater(len(list(text_string_to_metric_families(body.decode()))), 10)
        for version in (10, 11):
            answer, body = self.ask(port, "/metrics", method="HEAD", version=version)
            self.assertEqual((answer.status, body), (200, b""))
            self.assertGreater(int(answer.headers["Content-Length"]), 1000)
            self.assertEqual(self.ask(port, "/metrics", version=version)[0].status, 200)
