// Runs the file that forwards the extension's functions to the built-in ones, with built-in functions that write
// down how they were called.
// Usage: node builtin.mjs ROOT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { definesToJavaScript } from '../node/gml.mjs';

const root = process.argv[2];
const description = JSON.parse(readFileSync(path.join(root, 'gamemaker/functions.json'), 'utf8'));
const file = readFileSync(path.join(root, 'gamemaker/extensions/stepwire/stepwire_builtin.gml'), 'utf8');

// The script stepwire_redirect replaces the built-in functions' names everywhere: here they may be texts alone.
const code = file.replace(/"[^"]*"/g, '""').replace(/\/\/.*$/gm, '');
assert.doesNotMatch(code, /\bnetwork_/);

// Indices as runners have them: gaps and other functions in between.
const builtIns = new Map(description.functions.concat(description.script).filter(({ built_in }) => built_in)
  .map(({ name }, index) => [100 + 7 * index, `network_${name}`]));
let calls = [];
let answer = 1;
const global = {};
const runtime = vm.createContext({
  global,
  script_get_name: index => builtIns.get(index) ?? '<unknown>',
  script_execute(index, ...given) {
    assert.ok(builtIns.has(index));
    calls.push([builtIns.get(index), ...given]);
    return answer;
  },
  variable_global_exists: name => name in global,
  ds_map_create: () => new Map(),
  ds_map_exists: (map, key) => map.has(key),
  ds_map_set: (map, key, value) => map.set(key, value),
  ds_map_find_value: (map, key) => map.get(key),
  is_string: value => typeof value === 'string',
  is_real: value => typeof value === 'number',
  string: String,
  string_copy: (text, from, count) => text.substr(from - 1, count),
  show_error: text => { throw new Error(text); },
});
vm.runInContext(definesToJavaScript(file), runtime);

const call = (name, ...given) => {
  calls = [];
  return runtime[name](...given);
};

assert.equal(call('stepwire_interface'), 0);
assert.equal(call('stepwire_last_error'), '');
const VALUES = { real: 6510, string: 'example.test', socket: 3, buffer: 8, address: 'address' };
// What is called for each function, or that nothing is and why.
for (const { name, arguments: parameters } of description.functions) {
  const given = parameters.map(({ type }) => VALUES[type]);
  const builtIn = `network_${name.replace(/_buffer$/, '')}`;
  if (![...builtIns.values()].includes(builtIn)) {
    continue;
  }
  answer = 5;
  const result = call(`stepwire_${name}`, ...given);
  assert.deepEqual(calls, [[builtIn, ...given]], name);
  assert.equal(result, name === 'destroy' || name === 'set_timeout' ? 0 : 5, name);
}
answer = -7;
assert.equal(call('stepwire_connect', 3, 'example.test', 80), -1);
assert.match(call('stepwire_last_error'), /does not say why/);
answer = '192.0.2.1';
assert.equal(call('stepwire_resolve', 'example.test'), '192.0.2.1');

assert.equal(call('stepwire_set_config_real', 0, 4000, 0), 0);
assert.deepEqual(calls, [['network_set_config', 0, 4000, 0]]);
assert.equal(call('stepwire_set_config_string', 5, 3, 'chat'), 0);
assert.deepEqual(calls, [['network_set_config', 5, 3, 'chat']]);
const unsupported = [['stepwire_set_config_real', 1011, 3, 500], ['stepwire_set_config_string', 1008, 3, ''],
  ['stepwire_get_port', 3], ['stepwire_get_stat', 3, 'rtt_ms'], ['stepwire_send_packet_bytes', 3, 'address', 1]];
for (const [name, ...given] of unsupported) {
  assert.equal(call(name, ...given), -14, name);
  assert.deepEqual(calls, [], name);
  assert.match(runtime.stepwire_last_error(), /not supported on this target/, name);
}
assert.equal(call('stepwire_error_name', -14), 'network_error_not_supported');
for (const { name, value } of description.constants.filter(({ name }) => name.startsWith('error_'))) {
  assert.equal(call('stepwire_error_name', value), `network_${name}`);
}
for (const name of ['init', 'final', 'collect', 'event_next']) {
  assert.equal(call(`stepwire_${name}`), 0);
}
console.log('builtin: passed');
