// Runs the example of docs/shipping.md as a server and as two clients, over functions that stand in for GameMaker's.
// Usage: node example.mjs ROOT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { toJavaScript } from '../node/gml.mjs';

const page = readFileSync(path.join(process.argv[2], 'docs/shipping.md'), 'utf8');
const gml = page.split('```gml\n')[1].split('```')[0];
const [create, networking] = gml.split('// Async - Networking\n').map(toJavaScript);
assert.ok(gml.trim().split('\n').length <= 35, 'it is to be pasted, and read');

const CONNECT = 1, DISCONNECT = 2, DATA = 3;

// One game's instance of the object: its variables are the context's.
class Game {
  constructor(hasServer) {
    this.output = [];
    this.sent = [];
    this.connected = [];
    const text = { value: '' };
    this.runtime = vm.createContext({
      network_socket_tcp: 0, network_type_connect: CONNECT, network_type_disconnect: DISCONNECT, network_type_data: DATA,
      buffer_grow: 1, buffer_seek_start: 0, buffer_string: 11,
      network_create_server: () => (hasServer ? 0 : -1),
      network_create_socket: () => 5,
      network_connect_async: (socket, host, port) => this.connected.push([socket, host, port]),
      buffer_create: () => 8,
      buffer_seek: () => { text.value = ''; },
      buffer_write: (buffer, type, value) => { text.value += value; },
      buffer_tell: () => text.value.length + 1,
      buffer_read: (buffer) => buffer,
      network_send_packet: (socket, buffer, size) => {
        assert.deepEqual([buffer, size], [8, text.value.length + 1]);
        this.sent.push([socket, text.value]);
      },
      array_push: (array, value) => array.push(value),
      array_length: (array) => array.length,
      array_get_index: (array, value) => array.indexOf(value),
      array_delete: (array, at, count) => array.splice(at, count),
      show_debug_message: (line) => this.output.push(line),
      string: String,
      ds_map_find_value: (map, key) => map[key],
    });
    vm.runInContext(create, this.runtime);
  }

  event(map) {
    this.runtime.async_load = map;
    vm.runInContext(networking, this.runtime);
  }

  say(text) {
    this.sent = [];
    this.runtime.say(text);
    return this.sent;
  }
}

const server = new Game(true);
assert.deepEqual(server.connected, []);
server.event({ type: CONNECT, id: 0, socket: 1 });
server.event({ type: CONNECT, id: 0, socket: 2 });
assert.deepEqual(server.sent,
  [[1, 'somebody came in'], [1, 'somebody came in'], [2, 'somebody came in']]);
server.event({ type: DATA, id: 1, buffer: 'hello' });
assert.deepEqual(server.output, ['hello']);
// Nothing is sent to who has left.
server.event({ type: DISCONNECT, id: 0, socket: 1, reason: 'closed by the peer' });
assert.equal(server.output[1], 'gone: closed by the peer');
assert.deepEqual(server.say('still here'), [[2, 'still here']]);

const client = new Game(false);
assert.deepEqual(client.connected, [[5, '127.0.0.1', 6510]]);
assert.deepEqual(client.say('hello'), [[5, 'hello']]);
// The built-in functions give no reason.
client.event({ type: DISCONNECT, id: 5, socket: 5 });
assert.match(client.output[0], /^gone: /);
console.log('the example of docs/shipping.md runs as a server and as a client');
