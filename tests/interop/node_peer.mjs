// Node's `ws` package as a peer: a client that checks what it gets back, or an echo server.
//
//   node_peer.mjs client URL regular|raw [CA]         prints "done" when all was right
//   node_peer.mjs server regular|raw [CHAIN KEY]      prints "port N", then a line for each end: "closed CODE REASON"
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import { load } from "../node/modules.mjs";

const { WebSocket, WebSocketServer } = load("ws");

const STEP_1 = Buffer.from("GM:Studio-Connect\0");
const STEP_2 = Buffer.from("bebafeca0bb0adde1000000000000000", "hex");
const STEP_3 = Buffer.from("adbeafdeebbe0df00c000000", "hex");
const LIMIT = { maxPayload: 64 << 20 };

function packet(payload) {
  const header = Buffer.from("dec0adde0c00000000000000", "hex");
  header.writeUInt32LE(payload.length, 8);
  return Buffer.concat([header, payload]);
}

const pattern = size => Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 7 + (i >> 8)) & 255));

// Messages in the order they came, also those that came before anybody asked.
function messagesOf(socket) {
  const arrived = [], wanted = [];
  socket.on("message", (data, isBinary) => wanted.length > 0 ? wanted.shift()([data, isBinary]) : arrived.push([data, isBinary]));
  return () => arrived.length > 0 ? arrived.shift() : new Promise(resolve => wanted.push(resolve));
}

async function client(url, raw, ca) {
  // Compression is offered, as `ws` does by default, and must be declined.
  const socket = new WebSocket(url, { ...LIMIT, ca: ca && readFileSync(ca) });
  const next = messagesOf(socket);
  await once(socket, "open");
  assert.equal(socket.extensions, "");
  if (!raw) {
    assert.deepEqual(await next(), [STEP_1, true]);
    socket.send(STEP_2);
    assert.deepEqual(await next(), [STEP_3, true]);
  }
  const wrap = raw ? payload => payload : packet;
  for (const size of [5, 0, 113, 114, 125, 126, 65_535, 65_536, 90_000, 3_000_000]) {
    const message = wrap(pattern(size));
    socket.send(message);
    assert.deepEqual(await next(), [message, true], `${size} bytes`);
  }
  const whole = wrap(pattern(3000));
  socket.send(whole.subarray(0, 7), { fin: false });
  socket.ping("between");
  socket.send(whole.subarray(7, 2000), { fin: false });
  socket.send(whole.subarray(2000));
  const [[pong]] = await Promise.all([once(socket, "pong"), next().then(message => assert.deepEqual(message, [whole, true]))]);
  assert.equal(pong.toString(), "between");
  if (raw) {
    socket.send("häß😀");
    assert.equal((await next())[0].toString(), "häß😀");
  }
  socket.close(4001, "enough");
  const [code] = await once(socket, "close");
  assert.equal(code, 4001);
  console.log("done");
}

async function serve(raw, chain, key) {
  const web = chain && createTlsServer({ cert: readFileSync(chain), key: readFileSync(key) });
  const options = web ? { server: web } : { port: 0, host: "127.0.0.1" };
  // It would compress, if anybody asked for it.
  const server = new WebSocketServer({ ...options, ...LIMIT, perMessageDeflate: { threshold: 0 } });
  web?.listen(0, "127.0.0.1");
  await once(web ?? server, "listening");
  console.log(`port ${(web ?? server).address().port}`);
  server.on("connection", async socket => {
    const next = messagesOf(socket);
    socket.on("close", (code, reason) => console.log(`closed ${code} ${reason}`));
    socket.on("error", error => console.log(`error ${error.message}`));
    if (!raw) {
      socket.send(STEP_1);
      const [hello] = await next();
      assert.deepEqual(hello, STEP_2);
      socket.send(STEP_3);
    }
    for (;;) {
      const [data, isBinary] = await next();
      if (data.subarray(-4).toString() === "kick") {
        socket.close(4000, "kicked");
        return;
      }
      socket.send(data, { binary: isBinary });
    }
  });
}

const [what, ...rest] = process.argv.slice(2);
await (what === "client" ? client(rest[0], rest[1] === "raw", rest[2]) : serve(rest[0] === "raw", rest[1], rest[2]));
