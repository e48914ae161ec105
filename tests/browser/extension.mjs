// The GameMaker extension's file for HTML5 against the C servers, through the package's own GML:
// node tests/browser/extension.mjs
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { readFileSync } from "node:fs";
import path from "node:path";
import { root } from "../node/modules.mjs";
import { certify, launch, servePages } from "./chromium.mjs";
import { boxesServer, echoServer } from "./programs.mjs";

const TIME_LIMIT = { timeout: 120_000 };
const WS = 6, WSS = 7;
const DISCONNECT = 2, DATA = 3, RESULT = 4, WRITABLE = 1001;
const CHARACTERS = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join("");

let browser, certificate, home;

before(async () => {
  certificate = certify();
  browser = await launch(certificate.chain);
  home = await servePages();
}, TIME_LIMIT);

after(async () => {
  await browser?.close();
  home?.close();
  certificate?.remove();
});

async function open(t) {
  const page = await browser.newPage();
  t.after(() => page.close());
  const failures = [];
  page.on("pageerror", error => failures.push(error));
  t.after(() => assert.deepEqual(failures, []));
  await page.goto(`${home.origin}/extension.html`);
  await page.evaluate(() => loaded);
  return page;
}

function running(t, program) {
  t.after(async () => assert.equal(await program.stop(), 0, `${program.name} ended badly`));
  return program;
}

async function echo(t, kind, ...words) {
  const tls = kind === "wss" ? ["--cert", certificate.chain, "--key", certificate.key] : [];
  const server = running(t, echoServer(kind, ...tls, ...words));
  const [, port] = await server.line(/^port (\d+)$/);
  return { server, port: Number(port) };
}

const call = (page, name, ...given) => page.evaluate(([name, given]) => window[name](...given), [name, given]);
const until = (page, type) => page.evaluate(type => until(type), type);

async function connect(page, kind, url, port, regular = true) {
  const socket = await call(page, "stepwire_create_socket", kind);
  assert.ok(socket >= 0);
  const name = regular ? "stepwire_connect_async" : "stepwire_connect_raw_async";
  assert.equal(await call(page, name, socket, url, port), socket);
  return { socket, result: await until(page, RESULT) };
}

for (const [kind, name] of [[WS, "ws"], [WSS, "wss"]]) {
  test(`packets both ways over ${name}`, TIME_LIMIT, async t => {
    const { server, port } = await echo(t, name);
    const page = await open(t);
    const { socket, result } = await connect(page, kind, "127.0.0.1", port);
    assert.deepEqual(result,
      { type: RESULT, id: socket, socket, port, ip: "127.0.0.1", succeeded: 1, error: 0, reason: "" });
    await server.line(/^connect /);
    const texts = ["hello", "", CHARACTERS, "x".repeat(4 << 20)];
    const results = await page.evaluate(([socket, texts]) => exchange(socket, texts), [socket, texts]);
    assert.deepEqual(results,
      texts.map(({ length }) => ({ sent: length, same: true, size: length, message_type: 1 })));
    assert.equal(await call(page, "stepwire_get_string", socket, "tls"), kind === WSS ? "1" : "");
    assert.equal(await call(page, "stepwire_destroy", socket), 0);
    await server.line(/^disconnect \d+ 0 /);
    assert.equal(await call(page, "stepwire_destroy", socket), -2);
    assert.deepEqual(await page.evaluate(() => [events.length, maps.size, buffers.size]), [0, 0, 0]);
  });
}

test("a socket that has refused a message tells when it has room again", TIME_LIMIT, async t => {
  const { port } = await echo(t, "ws");
  const page = await open(t);
  const { socket } = await connect(page, WS, "127.0.0.1", port);
  assert.equal(await call(page, "stepwire_set_config", 1005, socket, 1), 0);
  // In one go, so that the browser sends nothing between the two.
  const sent = await page.evaluate(socket => [send(socket, "x".repeat(100000)), send(socket, "y")], socket);
  assert.deepEqual(sent, [100000, -8]);
  assert.deepEqual(await until(page, WRITABLE), { type: WRITABLE, id: socket, port, other_port: port, ip: "127.0.0.1" });
  assert.equal((await until(page, DATA)).size, 100000);
  const [again] = await page.evaluate(socket => exchange(socket, ["y"]), socket);
  assert.ok(again.same);
  assert.deepEqual(await page.evaluate(() => events.length), 0);
});

test("raw messages, binary and text", TIME_LIMIT, async t => {
  const { port } = await echo(t, "ws", "--raw");
  const page = await open(t);
  const { socket, result } = await connect(page, WS, `ws://127.0.0.1:${port}/chat?room=1`, 0, false);
  assert.equal(result.succeeded, 1);
  assert.equal(result.port, port);
  for (const [options, text] of [[1, CHARACTERS], [2, "plain text"]]) {
    const [answer] = await page.evaluate(
      ([socket, text, options]) => exchange(socket, [text], (to, what) => sendRaw(to, what, options)),
      [socket, text, options]);
    assert.deepEqual(answer, { sent: text.length, same: true, size: text.length, message_type: options });
  }
  assert.equal(await call(page, "stepwire_get_string", socket, "path"), "/chat");
  assert.equal(await call(page, "stepwire_get_string", socket, "query"), "room=1");
});

test("the end of the server is an event, and one may connect again", TIME_LIMIT, async t => {
  const first = echoServer("ws");
  const [, port] = await first.line(/^port (\d+)$/);
  const page = await open(t);
  const { socket, result } = await connect(page, WS, "127.0.0.1", Number(port));
  assert.equal(result.succeeded, 1);
  assert.equal(await first.stop(), 0);
  const end = await until(page, DISCONNECT);
  assert.equal(end.id, socket);
  assert.equal(end.socket, socket);
  assert.equal(end.ip, "127.0.0.1");
  assert.equal(end.other_port, Number(port));
  assert.equal(await page.evaluate(socket => send(socket, "too late"), socket), -16);
  const second = await echo(t, "ws");
  await call(page, "stepwire_connect_async", socket, "127.0.0.1", second.port);
  assert.equal((await until(page, RESULT)).succeeded, 1);
});

test("failures have a number and a reason", TIME_LIMIT, async t => {
  const { port } = await echo(t, "ws", "--raw");
  const page = await open(t);
  await call(page, "stepwire_set_config", 0, 500);
  // A regular client at a raw server: no banner comes.
  const { result } = await connect(page, WS, "127.0.0.1", port);
  assert.equal(result.succeeded, 0);
  assert.equal(result.error, -6);
  assert.notEqual(result.reason, "");
  // Nobody listens.
  assert.equal((await connect(page, WS, "127.0.0.1", 9)).result.succeeded, 0);
  assert.equal(await call(page, "stepwire_create_socket", 0), -14);
  assert.equal(await call(page, "stepwire_create_server", WS, 6510, 8), -14);
  assert.equal(await call(page, "stepwire_connect", 0, "127.0.0.1", port), -14);
  assert.match(await call(page, "stepwire_last_error"), /stepwire_connect_async/);
  assert.equal(await call(page, "stepwire_error_name", -14), "network_error_not_supported");
  const socket = await call(page, "stepwire_create_socket", WS);
  for (const [url, at] of [["", 80], ["127.0.0.1", -1], ["127.0.0.1", 65536], ["127.0.0.1", 0.5]]) {
    assert.equal(await call(page, "stepwire_connect_async", socket, url, at), -3, `${url} ${at}`);
  }
  assert.equal(await page.evaluate(socket => send(socket, "x"), socket), -5);
  assert.equal(await page.evaluate(() => withBuffer("four", buffer => stepwire_send_packet(0, buffer, 5))), -3);
  assert.equal(await call(page, "stepwire_set_config", 1012, 1), -14);
  const output = await page.evaluate(() => (stepwire_step(), output));
  assert.ok(output.some(line => line.startsWith("stepwire_connect: ")), output.join("\n"));
});

test("a destroy inside an event silences what else has arrived", TIME_LIMIT, async t => {
  const { server, port } = await echo(t, "ws");
  const page = await open(t);
  const { socket } = await connect(page, WS, "127.0.0.1", port);
  const seen = await page.evaluate(async socket => {
    for (let i = 0; i < 100; i++) {
      send(socket, `${i}`);
    }
    // All echoes in one step.
    while (stepwire_get_stat(-1, "events") < 100) {
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    inEvent = event => stepwire_destroy(event.id);
    stepwire_step();
    inEvent = null;
    return events.length;
  }, socket);
  assert.equal(seen, 1);
  await server.line(/^disconnect /);
});

test("the demo's messages with the dedicated server", TIME_LIMIT, async t => {
  const server = running(t, boxesServer("0"));
  const [, port] = await server.line(/^ws on port (\d+)$/);
  const page = await open(t);
  const { socket } = await connect(page, WS, "127.0.0.1", Number(port));
  const youAre = await until(page, DATA);
  assert.equal(youAre.data.charCodeAt(0), 1);
  assert.equal(await page.evaluate(socket => send(socket, "\x02hello\0"), socket), 7);
  assert.equal((await until(page, DATA)).data, `\x03${youAre.data.slice(1)}hello\0`);
  await call(page, "stepwire_final");
  await server.line(/^player 0 leaves/);
});

test("the page serves the package's files", async () => {
  const extension = path.join(root, "gamemaker/extensions/stepwire/stepwire.js");
  const served = await (await fetch(`${home.origin}/stepwire.js`)).text();
  assert.equal(served, readFileSync(extension, "utf8"));
});
