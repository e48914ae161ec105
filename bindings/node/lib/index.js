'use strict';

const native = require('./native.js');
const { constants } = require('./abi.js');
const { StepwireError, checked } = require('./errors.js');
const { isWatching, live } = require('./events.js');
const { THE_LIBRARY, configureDefault, forgetDefaults, setOptions } = require('./options.js');
const sockets = require('./sockets.js');

function configure(options) {
  setOptions(THE_LIBRARY, options);
}

function stat(key) {
  return checked(native.network_get_stat(THE_LIBRARY, key));
}

async function resolve(name) {
  const [address, failure] = await native.resolve(name);
  if (address === '') {
    throw new StepwireError(constants.network_error_resolve, failure);
  }
  return address;
}

function addresses() {
  const found = [];
  for (let address; (address = native.network_get_address(found.length)) !== ''; ) {
    found.push(address);
  }
  return found;
}

function* logLines() {
  for (let line; (line = native.network_next_log()) !== ''; ) {
    yield line;
  }
}

function shutdown() {
  for (const socket of [...live.values()]) {
    socket.forget();
  }
  forgetDefaults();
  checked(native.network_shutdown());
}

// What was sent still leaves when the process ends, or the worker whose sockets those are.
process.on('exit', () => {
  if (isWatching()) {
    shutdown();
  }
});

exports.Client = sockets.Client;
exports.Connection = sockets.Connection;
exports.Group = sockets.Group;
exports.Server = sockets.Server;
exports.ServerConnection = sockets.ServerConnection;
exports.Socket = sockets.Socket;
exports.StepwireError = StepwireError;
exports.Udp = sockets.Udp;
exports.addresses = addresses;
exports.configure = configure;
exports.configureDefault = configureDefault;
exports.constants = constants;
exports.logLines = logLines;
exports.metrics = () => native.network_get_metrics();
exports.resolve = resolve;
exports.sendMany = sockets.sendMany;
exports.shutdown = shutdown;
exports.stat = stat;
exports.version = native.network_version();
