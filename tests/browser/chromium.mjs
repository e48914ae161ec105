// A headless Chromium that knows the tests' certificate authority, and a web server for their pages.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import os from "node:os";
import path from "node:path";
import { createHash } from "node:crypto";
import { load, root } from "../node/modules.mjs";

const { chromium } = load("playwright-core");

// The sandbox, and enough shared memory, cannot be had in containers; the rest keeps it from talking to anybody but the
// tests.
const ARGUMENTS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
  "--no-proxy-server"];

// Without an authority every certificate of strangers is refused; with one, those that it has issued to `certificate`.
export function launch(certificate) {
  const trust = certificate ? [`--ignore-certificate-errors-spki-list=${fingerprint(certificate)}`] : [];
  return chromium.launch({
    executablePath: process.env.STEPWIRE_CHROMIUM ?? "/usr/bin/chromium", headless: true,
    args: [...ARGUMENTS, ...trust],
  });
}

function fingerprint(certificate) {
  const key = openssl("x509", "-in", certificate, "-pubkey", "-noout").toString();
  const der = Buffer.from(key.replace(/-----[A-Z ]+-----|\s/g, ""), "base64");
  return createHash("sha256").update(der).digest("base64");
}

const openssl = (...words) => execFileSync("openssl", words, { stdio: ["ignore", "pipe", "ignore"] });

// An authority that nobody knows and a certificate of 127.0.0.1 and localhost, made for this run.
export function certify() {
  const folder = mkdtempSync(path.join(os.tmpdir(), "stepwire-browser-"));
  const file = name => path.join(folder, name);
  const key = name => ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file(name)];
  openssl("req", "-x509", ...key("ca.key"), "-out", file("ca.pem"), "-days", "2", "-subj", "/CN=Test CA");
  openssl("req", ...key("server.key"), "-out", file("server.csr"), "-subj", "/CN=localhost");
  writeFileSync(file("server.ext"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  openssl("x509", "-req", "-in", file("server.csr"), "-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial",
    "-days", "2", "-extfile", file("server.ext"), "-out", file("server.pem"));
  return { chain: file("server.pem"), key: file("server.key"), remove: () => rmSync(folder, { recursive: true }) };
}

const PAGES = {
  "/packets.html": "tests/browser/packets.html",
  "/arena.html": "c_examples/arena.html",
  "/extension.html": "tests/browser/extension.html",
  "/gml.mjs": "tests/node/gml.mjs",
  "/stepwire.js": "gamemaker/extensions/stepwire/stepwire.js",
  "/stepwire_functions.gml": "gamemaker/scripts/stepwire_functions/stepwire_functions.gml",
};
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".gml": "text/plain" };

// Serves the pages; each port is an origin of its own.
export async function servePages() {
  const server = createServer((request, response) => {
    const file = PAGES[new URL(request.url, "http://localhost").pathname];
    response.writeHead(file ? 200 : 404, { "Content-Type": `${TYPES[path.extname(file ?? ".html")]}; charset=utf-8` });
    response.end(file && readFileSync(path.join(root, file)));
  });
  await new Promise(resolve => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
