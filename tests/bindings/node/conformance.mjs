// What docs/bindings.md wants of every binding, and what is Node's own. Ends with status 1 at the first failure.
//
//   node conformance.mjs            all of it
//   node conformance.mjs peer PORT  joins a server and says "here", until it is killed (by the script itself)

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect as connectTcp } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';

import stepwire, { Client, Group, Server, Udp, constants, sendMany } from 'stepwire';

const HOST = '127.0.0.1';
const PATIENCE = 20_000;
const SELF = fileURLToPath(import.meta.url);

/** The arguments of the next such event. */
async function next(emitter, event) {
  return once(emitter, event, { signal: AbortSignal.timeout(PATIENCE) });
}

/** Everything that comes, one after the other. */
function inbox(emitter, event = 'message') {
  const come = [];
  let waiting = null;
  emitter.on(event, (...words) => {
    come.push(words);
    waiting?.();
  });
  return async () => {
    const deadline = Date.now() + PATIENCE;
    while (come.length === 0) {
      assert(Date.now() < deadline, `no ${event} came`);
      await new Promise((resolve) => {
        waiting = resolve;
        setTimeout(resolve, 1000).unref();
      });
    }
    return come.shift();
  };
}

async function until(condition) {
  const deadline = Date.now() + PATIENCE;
  while (!condition()) {
    assert(Date.now() < deadline, `not in time: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Runs a program of its own to its end. */
async function script(body) {
  const words = ['-e', `const stepwire = require('stepwire'); ${body}`];
  return promisify(execFile)(process.execPath, words, { timeout: PATIENCE });
}

/** A server, a client that is connected to it, and the server's side of the connection. */
async function pair(kind = 'tcp', raw = false) {
  const server = new Server({ kind, raw });
  const client = new Client({ kind, raw });
  const came = next(server, 'connection');
  await client.connect(HOST, server.localPort);
  const [accepted] = await came;
  assert.equal(accepted.server, server);
  assert.deepEqual(server.connections, [accepted]);
  return { server, client, accepted };
}

async function exchange(kind, raw = false) {
  const all = await pair(kind, raw);
  const send = raw ? 'sendRaw' : 'send';
  const there = inbox(all.accepted);
  const back = inbox(all.client);
  for (const data of [Buffer.from('hello'), Buffer.from([0, 1, 255]), Buffer.alloc(100_000, 'x')]) {
    all.client[send](data);
    const parts = [];
    while (Buffer.concat(parts).length < data.length) {
      parts.push((await there())[0]);
    }
    assert.deepEqual(Buffer.concat(parts), data);
    all.accepted[send](Buffer.concat(parts));
    parts.length = 0;
    while (Buffer.concat(parts).length < data.length) {
      parts.push((await back())[0]);
    }
    assert.deepEqual(Buffer.concat(parts), data);
  }
  return { ...all, there, back };
}

/** That a call is refused with an error. */
function refused(name, call) {
  assert.throws(call, (error) => {
    assert.equal(error.name, 'StepwireError', error.stack);
    assert.equal(error.code, name);
    assert.equal(error.errno, constants[name]);
    assert(error.message.length > 10);
    return true;
  });
}

const cases = {
  async server_and_client() {
    const { server, client, accepted, there } = await exchange('tcp');
    assert.equal(client.send('12345'), 17);
    await there();
    client.send('');
    assert.deepEqual((await there())[0], Buffer.alloc(0));
    const gone = next(server, 'disconnect');
    client.close();
    const [who, end] = await gone;
    assert.equal(who, accepted);
    assert.equal(end.error, null);
    assert.deepEqual(server.connections, []);
    server.close();
  },

  async several_clients() {
    const { server, client, accepted } = await pair();
    const second = new Client();
    const came = next(server, 'connection');
    await second.connect(HOST, server.localPort);
    const [other] = await came;
    const atFirst = inbox(client);
    const atSecond = inbox(second);
    accepted.send('for the first');
    other.send('for the second');
    assert.equal(String((await atFirst())[0]), 'for the first');
    assert.equal(String((await atSecond())[0]), 'for the second');
    const ends = [next(client, 'close'), next(second, 'close')];
    server.close();
    await Promise.all(ends);
    client.close();
    second.close();
  },

  async websockets() {
    const { server, client, accepted } = await exchange('ws');
    const gone = next(accepted, 'close');
    client.close();
    const [end] = await gone;
    assert.equal(end.error, null);
    assert.equal(end.code, 1000);
    server.close();
  },

  async raw_websockets() {
    const { server, client, accepted, there } = await exchange('ws', true);
    client.sendText('text');
    const [data, isText] = await there();
    assert.equal(String(data), 'text');
    assert.equal(isText, true);
    const gone = next(client, 'close');
    accepted.close(4001, 'enough');
    const [end] = await gone;
    assert.equal(end.code, 4001);
    assert.match(end.reason, /enough/);
    client.close();
    server.close();
  },

  async udp() {
    for (const reliable of [false, true]) {
      const server = new Udp({ reliable });
      const client = new Udp({ reliable });
      const there = inbox(server);
      const back = inbox(client);
      client.sendTo('ping', HOST, server.localPort);
      let [data, sender] = await there();
      assert.equal(String(data), 'ping');
      assert.equal(sender.port, client.localPort);
      assert.equal(sender.reliable, reliable);
      server.sendTo('pong', sender.address, sender.port);
      assert.equal(String((await back())[0]), 'pong');
      client.sendRawTo('raw', HOST, server.localPort);
      [data, sender] = await there();
      assert.equal(String(data), 'raw');
      assert.equal(sender.reliable, false);
      client.close();
      server.close();
    }
  },

  async a_client_connects_again() {
    const { server, client, accepted } = await pair();
    const port = server.localPort;
    const gone = next(client, 'close');
    server.close();
    await gone;
    refused('network_error_bad_handle', () => accepted.send('gone'));
    const successor = new Server({ port });
    const there = inbox(successor);
    await client.connect();
    client.send('again');
    assert.equal(String((await there())[1]), 'again');
    client.close();
    successor.close();
  },

  async errors() {
    const { server, client, accepted } = await pair();
    const port = server.localPort;
    refused('network_error_address_in_use', () => new Server({ port }));
    refused('network_error_wrong_kind', () => accepted.send.call(server, 'x'));
    refused('network_error_wrong_kind', () => client.sendRaw('x'));
    for (const wrong of [70000, -1, 0.5, NaN, Infinity]) {
      refused('network_error_bad_argument', () => new Server({ port: wrong }));
    }
    refused('network_error_bad_argument', () => new Udp({ reliable_timeout: NaN }));
    refused('network_error_bad_argument', () => stepwire.configure({ connect_timeout: -1 }));
    refused('network_error_bad_argument', () => client.stat('colour'));
    await assert.rejects(client.connect(HOST, port), { code: 'network_error_busy' });
    const gone = next(server, 'disconnect');
    client.close();
    refused('network_error_bad_handle', () => client.send('x'));
    assert.equal(client.closed, true);
    client.close();
    await gone;
    server.close();
    const lost = new Client();
    await assert.rejects(lost.connect(HOST, port), (error) => error.errno < 0 && error.message.length > 10);
    await assert.rejects(lost.connect(), { name: 'StepwireError' });
    lost.close();
  },

  async what_makes_no_sense_in_javascript() {
    const { server, client, accepted } = await pair();
    const there = inbox(accepted);
    for (const call of [
      () => new Server({ port: null }),
      () => new Server({ port: '6510' }),
      () => new Server({ kind: 'pigeon' }),
      () => new Server({ colour: 1 }),
      () => client.send(),
      () => client.send(null),
      () => client.send(5),
      () => client.send({ length: 5 }),
      () => client.sendText(Buffer.from('x')),
      () => new Group([null]),
      () => sendMany([server], 'x'),
      () => stepwire.configure({ connect_timeout: null }),
      () => stepwire.configure({ connect_timeout: 5n }),
      () => stepwire.configureDefault({ tls_ca_file: 5 }),
      () => client.configure({ avoid_time_wait: false }),
      () => client.stat(Symbol('x')),
      () => server.sendAll('x', { but: {} }),
    ]) {
      assert.throws(call, TypeError);
    }
    await assert.rejects(new Client().connect(), TypeError);
    await assert.rejects(client.connect('a\0b', 1), TypeError);
    await assert.rejects(client.connect(5, 1), TypeError);
    client.send('still there');
    assert.equal(String((await there())[0]), 'still there');
    client.close();
    server.close();
  },

  async ten_thousand_messages_in_order() {
    for (const kind of ['tcp', 'ws']) {
      const { server, client, accepted } = await pair(kind);
      const count = 10_000;
      let sent = 0;
      let came = 0;
      accepted.on('message', (data) => accepted.send(data));
      const fill = () => {
        while (sent < count && sent - came < 1000) {
          sent += 1;
          client.send(String(sent));
        }
      };
      client.on('message', (data) => {
        came += 1;
        assert.equal(String(data), String(came));
        fill();
      });
      fill();
      await until(() => came === count);
      client.close();
      server.close();
    }
  },

  async payloads_come_back_as_they_were() {
    const { server, client, accepted } = await pair();
    const there = inbox(accepted);
    const all = [];
    for (let turn = 0; turn < 200; turn += 1) {
      const data = Buffer.alloc((turn * 37) % 5001, `${turn}:`);
      client.send(data);
      const [got] = await there();
      globalThis.gc?.();
      assert.deepEqual(got, data);
      all.push([got, data]);
    }
    // Nor does what comes later write over what was kept.
    for (const [got, data] of all) {
      assert.deepEqual(got, data);
    }
    client.close();
    server.close();
  },

  async buffers_of_all_kinds() {
    const { server, client, accepted } = await pair();
    const there = inbox(accepted);
    const floats = Float64Array.of(1, 2);
    const backing = Uint8Array.from([9, 1, 2, 9]).buffer;
    for (const data of [
      Buffer.from('Buffer').subarray(1, 3),
      Uint8Array.of(1, 2),
      floats,
      BigInt64Array.of(5n),
      new DataView(backing, 1, 2),
      backing,
      new ArrayBuffer(0),
    ]) {
      client.send(data);
      const wanted = ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
      assert.deepEqual((await there())[0], wanted);
    }
    client.close();
    server.close();
  },

  async a_peer_that_dies() {
    const server = new Server();
    const came = next(server, 'connection');
    const there = inbox(server);
    const gone = next(server, 'disconnect');
    const peer = spawn(process.execPath, [SELF, 'peer', String(server.localPort)], { stdio: 'inherit' });
    const [client] = await came;
    assert.equal(String((await there())[1]), 'here');
    peer.kill('SIGKILL');
    assert.equal((await gone)[0], client);
    server.close();
  },

  async what_can_be_asked() {
    const { server, client, accepted } = await pair();
    assert.equal(accepted.address, HOST);
    assert.equal(accepted.string('ip'), HOST);
    assert.equal(accepted.port, client.localPort);
    const there = inbox(accepted);
    client.send('12345');
    await there();
    assert.equal(accepted.stat('packets_received'), 1);
    assert(stepwire.stat('packets_sent') >= 1);
    assert.equal(await stepwire.resolve(HOST), HOST);
    assert.match(stepwire.version, /^\d+\.\d+\.\d+$/);
    // There is no wait in Node: nothing waits when all has been told.
    assert.equal(stepwire.stat('events'), 0);
    assert.match(stepwire.metrics(), /stepwire/);
    assert(stepwire.addresses().every((address) => address.length > 0));
    accepted.setTimeouts({ read: 30_000 });
    client.configure({ no_delay: false, send_queue_limit: 100_000 });
    client.close();
    server.close();
  },

  async groups() {
    const { server, client, accepted } = await pair();
    const second = new Client({ kind: 'ws' });
    const webServer = new Server({ kind: 'ws' });
    const came = next(webServer, 'connection');
    await second.connect(HOST, webServer.localPort);
    const [other] = await came;
    const atFirst = inbox(client);
    const atSecond = inbox(second);
    const group = new Group([accepted]);
    assert.equal(group.add(other), true);
    assert.equal(group.add(other), false);
    assert.equal(group.size, 2);
    assert.equal(group.send('to all'), 2);
    assert.equal(group.send('but one', { but: accepted }), 1);
    assert.equal(webServer.sendAll('all of the web'), 1);
    assert.deepEqual(sendMany([accepted, other], 'chosen'), [null, null]);
    assert.equal(group.delete(other), true);
    assert.equal(group.send('to one'), 1);
    for (const wanted of ['to all', 'chosen', 'to one']) {
      assert.equal(String((await atFirst())[0]), wanted);
    }
    for (const wanted of ['to all', 'but one', 'all of the web', 'chosen']) {
      assert.equal(String((await atSecond())[0]), wanted);
    }
    group.close();
    for (const socket of [client, second, server, webServer]) {
      socket.close();
    }
    assert.equal(sendMany([accepted], 'x')[0].code, 'network_error_bad_handle');
  },

  async microtasks_run_between_events() {
    const { server, client, accepted } = await pair();
    for (let turn = 0; turn < 50; turn += 1) {
      accepted.send(String(turn));
    }
    // Each listener is there in time for the event after the one that it waited for.
    for (let turn = 0; turn < 50; turn += 1) {
      const [data] = await next(client, 'message');
      assert.equal(String(data), String(turn));
    }
    client.close();
    server.close();
  },

  async an_exception_in_a_listener() {
    const { server, client, accepted } = await pair();
    const there = [];
    accepted.on('message', (data) => {
      there.push(String(data));
      if (there.length === 1) {
        throw new Error('on purpose');
      }
    });
    const caught = next(process, 'uncaughtException');
    client.send('first');
    client.send('second');
    assert.equal((await caught)[0].message, 'on purpose');
    await until(() => there.length === 2);
    client.close();
    server.close();
  },

  async beside_the_loop_of_node() {
    const server = new Server();
    server.on('message', (connection, data) => connection.send(data));
    const words = (...numbers) => Buffer.from(Uint32Array.from(numbers).buffer);
    const peer = connectTcp(server.localPort, HOST);
    let got = Buffer.alloc(0);
    peer.on('data', (data) => {
      got = Buffer.concat([got, data]);
    });
    await until(() => got.length === 18);
    peer.write(words(0xcafebabe, 0xdeadb00b, 16, 0));
    await until(() => got.length === 30);
    const packet = Buffer.concat([words(0xdeadc0de, 12, 5), Buffer.from('hello')]);
    peer.write(packet);
    await until(() => got.length === 47);
    assert.deepEqual(got.subarray(30), packet);
    const gone = next(server, 'disconnect');
    peer.destroy();
    await gone;
    server.close();
  },

  async the_process_ends() {
    // When all is closed; when what is open is not to count; and what was sent arrives before.
    await script('new stepwire.Server().close()');
    await script('new stepwire.Server().unref(); new stepwire.Client(); new stepwire.Group()');
    const server = new Server();
    const there = inbox(server);
    await script(`const client = new stepwire.Client();
      client.connect('${HOST}', ${server.localPort}).then(() => { client.send('last words'); client.close(); })`);
    assert.equal(String((await there())[1]), 'last words');
    // And not before a connection has ended.
    const stays = script(`new stepwire.Client().connect('${HOST}', ${server.localPort})`);
    const [, data] = await next(server, 'connection');
    assert.equal(data, undefined);
    server.close();
    await stays;
  },

  async one_thread_of_a_process() {
    const { server, client, accepted } = await pair();
    const worker = new Worker("new (require('stepwire').Server)()", { eval: true });
    assert.match((await next(worker, 'error'))[0].message, /another thread/);
    assert.equal(stepwire.stat('sockets'), 3);
    // It has taken nothing with it.
    client.send('still there');
    assert.equal(String((await next(accepted, 'message'))[0]), 'still there');
    client.close();
    server.close();
    // A worker may be the one, and another thread after it.
    await script(`const { Worker } = require('node:worker_threads');
      const worker = new Worker("const { Server } = require('stepwire'); new Server().close()", { eval: true });
      worker.on('error', (error) => { throw error; });
      worker.on('exit', () => new stepwire.Server().close())`);
  },

  async shutdown_and_a_new_start() {
    const { client } = await pair();
    stepwire.shutdown();
    refused('network_error_bad_handle', () => client.send('x'));
    const { server, client: again } = await pair();
    again.close();
    server.close();
  },

  async modules_of_both_kinds() {
    assert.equal(createRequire(import.meta.url)('stepwire').Server, Server);
  },
};

if (process.argv[2] === 'peer') {
  const client = new Client();
  await client.connect(HOST, Number(process.argv[3]));
  client.send('here');
} else {
  for (const [name, run] of Object.entries(cases)) {
    stepwire.configure({ bind_address: HOST });
    try {
      await run();
    } catch (error) {
      console.log(`FAIL ${name}`);
      console.error(error);
      process.exit(1);
    }
    console.log(`ok   ${name}`);
    // Each begins without what the one before has left; options are reset too.
    stepwire.shutdown();
  }
}
