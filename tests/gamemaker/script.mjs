// Runs the package's script over functions that hold every call against their description, once as in the classic
// runtime and once as in the new one.
// Usage: node script.mjs ROOT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { toJavaScript } from '../node/gml.mjs';

const root = process.argv[2];
const read = (file) => readFileSync(path.join(root, file), 'utf8');
const description = JSON.parse(read('gamemaker/functions.json'));
const script = toJavaScript(read('gamemaker/scripts/stepwire_functions/stepwire_functions.gml'));

const isOf = {
  real: (value) => typeof value === 'number',
  socket: (value) => typeof value === 'number',
  buffer: (value) => typeof value === 'number',
  string: (value) => typeof value === 'string',
  // Buffers of the same realm as the script's.
  address: (value) => Object.prototype.toString.call(value) === '[object ArrayBuffer]',
};

class Game {
  constructor(interfaceKind) {
    this.calls = [];
    this.results = { stepwire_interface: interfaceKind };
    this.buffers = new Map([[8, new ArrayBuffer(10)]]);
    this.maps = new Map();
    this.raised = [];
    this.output = [];
    this.runtime = vm.createContext({
      network_type_data: 3, network_send_binary: 1, buffer_grow: 1, ev_async_web_networking: 68,
      stepwire_error_bad_argument: -3,
      is_string: (value) => typeof value === 'string',
      max: Math.max,
      show_debug_message: (line) => this.output.push(line),
      ds_map_create: () => (this.maps.set(this.maps.size + 100, {}), this.maps.size + 99),
      ds_map_set: (map, key, value) => { this.maps.get(map)[key] = value; },
      ds_map_find_value: (map, key) => this.maps.get(map)[key],
      buffer_create: (size, kind, alignment) => {
        assert.deepEqual([kind, alignment], [1, 1]);
        assert.ok(size > 0);
        this.buffers.set(9, new ArrayBuffer(size));
        return 9;
      },
      buffer_exists: (buffer) => this.buffers.has(buffer),
      buffer_delete: (buffer) => assert.ok(this.buffers.delete(buffer)),
      buffer_get_size: (buffer) => this.buffers.get(buffer).byteLength,
      buffer_get_address: (buffer) => this.buffers.get(buffer),
      event_perform_async: (type, map) => {
        assert.equal(type, 68);
        this.raised.push({ ...this.maps.get(map), bytes: this.buffers.get(9)?.byteLength });
        this.onEvent?.();
      },
    });
    for (const described of description.functions) {
      const name = `stepwire_${described.name}`;
      this.runtime[name] = (...given) => this.native(name, described, given);
    }
    vm.runInContext(script, this.runtime);
  }

  native(name, { arguments: parameters, returns }, given) {
    assert.equal(given.length, parameters.length, name);
    parameters.forEach(({ name: parameter, type }, index) => {
      assert.ok(isOf[type](given[index]), `${name}: ${parameter} is ${given[index]}, not a ${type}`);
    });
    this.calls.push(name.replace('stepwire_', ''));
    const result = this.results[name];
    const value = typeof result === 'function' ? result(...given) : result ?? (returns.type === 'string' ? '' : 0);
    assert.ok(isOf[returns.type](value), name);
    return value;
  }

  call(name, ...given) {
    this.runtime.stepwire_takes_addresses();
    this.calls = [];
    const result = this.runtime[name](...given);
    return [result, this.calls.filter((called) => called !== 'interface')];
  }
}

const SENDS = [
  ['send_packet', [3, 8, 10]],
  ['send_raw', [3, 8, 10]],
  ['send_raw', [3, 8, 10, 2]],
  ['send_udp', [3, 'example.test', 6510, 8, 10]],
  ['send_udp_raw', [3, 'example.test', 6510, 8, 10]],
  ['send_broadcast', [3, 6510, 8, 10]],
];

for (const kind of [0, 1]) {
  const game = new Game(kind);
  for (const [name, given] of SENDS) {
    game.results[`stepwire_${name}_buffer`] = 22;
    assert.deepEqual(game.call(`stepwire_${name}`, ...given), [22, [`${name}_buffer`]]);
  }
  game.results.stepwire_collect = 4;
  assert.deepEqual(game.call('stepwire_step'), [4, ['collect']]);
}

const game = new Game(2);
for (const [name, given] of SENDS) {
  game.results[`stepwire_${name}_bytes`] = 22;
  const before = name.startsWith('send_udp') ? ['set_udp_target', 'check_size'] : ['check_size'];
  assert.deepEqual(game.call(`stepwire_${name}`, ...given), [22, [...before, `${name}_bytes`]]);
  // More than there is: the bytes are not touched.
  game.results.stepwire_check_size = (size, held) => (size <= held ? 0 : -3);
  const [result, calls] = game.call(`stepwire_${name}`, ...given.map((value) => (value === 10 ? 11 : value)));
  assert.equal(result, -3, name);
  assert.deepEqual(calls, before, name);
}
game.results.stepwire_set_udp_target = -2;
assert.deepEqual(game.call('stepwire_send_udp', 3, 'x', 1, 8, 10), [-2, ['set_udp_target']]);

assert.deepEqual(game.call('stepwire_set_config', 0, 4000), [0, ['set_config_real']]);
assert.deepEqual(game.call('stepwire_set_config', 1011, 3, 500), [0, ['set_config_real']]);
assert.deepEqual(game.call('stepwire_set_config', 5, 3, 'chat'), [0, ['set_config_string']]);

// Events: a connect, data, empty data; then lines for the output window.
const events = [
  { type: 1, id: 0, socket: 3, ip: '127.0.0.1' },
  { type: 3, id: 3, size: 5, ip: '127.0.0.1' },
  { type: 3, id: 3, size: 0, ip: '127.0.0.1' },
];
let current = null;
const lines = ['one', 'two'];
const keys = (of) => (index) => Object.keys(current).filter((key) => typeof current[key] === of)[index] ?? '';
Object.assign(game.results, {
  stepwire_collect: 3,
  stepwire_event_next: () => (current = events.shift() ?? null)?.type ?? 0,
  stepwire_event_real_key: keys('number'),
  stepwire_event_string_key: keys('string'),
  stepwire_event_real: (key) => current[key],
  stepwire_event_string: (key) => current[key],
  stepwire_event_read: (address, offset, size) => {
    assert.deepEqual([offset, size], [0, current.size]);
    return size;
  },
  stepwire_console_line: () => lines.shift() ?? '',
});
assert.equal(game.call('stepwire_step')[0], 3);
assert.deepEqual(game.raised, [
  { type: 1, id: 0, socket: 3, ip: '127.0.0.1', bytes: undefined },
  { type: 3, id: 3, size: 5, ip: '127.0.0.1', buffer: 9, bytes: 5 },
  { type: 3, id: 3, size: 0, ip: '127.0.0.1', buffer: 9, bytes: 1 },
]);
assert.deepEqual([...game.buffers.keys()], [8]);
assert.deepEqual(game.output, ['one', 'two']);

// An error in the game's event leaves no buffer behind, nor does an event that deletes it.
events.push({ type: 3, id: 3, size: 2, ip: '' });
game.onEvent = () => { throw new Error('the game is wrong'); };
assert.throws(() => game.call('stepwire_step'), /the game is wrong/);
assert.deepEqual([...game.buffers.keys()], [8]);
events.push({ type: 3, id: 3, size: 2, ip: '' });
game.onEvent = () => game.runtime.buffer_delete(9);
game.call('stepwire_step');
assert.deepEqual([...game.buffers.keys()], [8]);

// The persistent object: one is enough, and where there is nothing to call it says so and goes.
const create = toJavaScript(read('gamemaker/objects/obj_stepwire/Create_0.gml')).replace(/\bexit;/g, 'return;');
function created({ instances = 1, extension = true, init = () => 0 }) {
  const seen = { destroyed: false, initialised: false, output: [] };
  vm.runInNewContext(`(() => {${create}})()`, {
    obj_stepwire: 1,
    instance_number: () => instances,
    instance_destroy: () => { seen.destroyed = true; },
    extension_exists: (name) => name === 'stepwire' && extension,
    show_debug_message: (line) => seen.output.push(line),
    string: String,
    stepwire_init: () => {
      seen.initialised = true;
      return init();
    },
  });
  return seen;
}
assert.deepEqual(created({}), { destroyed: false, initialised: true, output: [] });
assert.deepEqual(created({ instances: 2 }), { destroyed: true, initialised: false, output: [] });
const without = created({ extension: false });
assert.deepEqual([without.destroyed, without.initialised, without.output.length], [true, false, 1]);
const missing = created({ init: () => { throw new Error('Unable to find function stepwire_init'); } });
assert.equal(missing.destroyed, true);
assert.match(missing.output[0], /the library was not found beside the game: .*Unable to find function/);
console.log('script: passed');
