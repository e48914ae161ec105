'use strict';

const native = require('./native.js');
const { options } = require('./abi.js');
const { checked } = require('./errors.js');

const THE_LIBRARY = -1;

/** Sets options by their names: of a socket, or with -1 of those made later and of the library. */
function setOptions(handle, values) {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) {
      setOption(handle, name, value);
    }
  }
}

function setOption(handle, name, value) {
  if (!Object.hasOwn(options, name)) {
    throw new TypeError(`there is no option ${name}`);
  }
  const [number, scope, kind] = options[name];
  const wanted = { flag: 'boolean', number: 'number', action: 'boolean', text: 'string' }[kind];
  if (typeof value !== wanted) {
    throw new TypeError(`the option ${name} takes a ${wanted}, not ${value === null ? 'null' : `a ${typeof value}`}`);
  }
  if (kind === 'action' && !value) {
    throw new TypeError(`the option ${name} takes true: it is something that is done`);
  }
  if (kind === 'text') {
    checked(native.network_set_config_string(number, handle, value));
    return;
  }
  const amount = kind === 'action' ? 0 : Number(value);
  checked(
    scope === 'library'
      ? native.network_set_config(number, amount, 0)
      : native.network_set_config(number, handle, amount),
  );
}

// A wss server looks for its certificate among the defaults of the moment when it is made.
const tlsDefaults = { tls_verify: true };

function configureDefault(values) {
  setOptions(THE_LIBRARY, values);
  for (const [name, value] of Object.entries(values)) {
    if (name.startsWith('tls_') && value !== undefined) {
      tlsDefaults[name] = value;
    }
  }
}

/** Calls `make` while the TLS options among `values` are the defaults. */
function withTlsDefaults(values, make) {
  const own = Object.entries(values).filter(([name, value]) => name.startsWith('tls_') && value !== undefined);
  try {
    setOptions(THE_LIBRARY, Object.fromEntries(own));
    return make();
  } finally {
    for (const [name] of own) {
      setOption(THE_LIBRARY, name, tlsDefaults[name] ?? '');
    }
  }
}

/** After a shutdown all are what they were at first. */
function forgetDefaults() {
  for (const name of Object.keys(tlsDefaults)) {
    delete tlsDefaults[name];
  }
  tlsDefaults.tls_verify = true;
}

module.exports = { THE_LIBRARY, configureDefault, forgetDefaults, setOptions, withTlsDefaults };
