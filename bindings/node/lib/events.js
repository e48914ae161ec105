'use strict';
// Hands events to the sockets they are about.

const native = require('./native.js');
const { constants } = require('./abi.js');
const { StepwireError } = require('./errors.js');

const CONNECT = constants.network_type_connect;
const DISCONNECT = constants.network_type_disconnect;
const DATA = constants.network_type_data;
const CONNECT_ENDED = constants.network_type_non_blocking_connect;

// The numbers of the event at hand, as the addon writes them.
const fields = new Float64Array(11);
const [TYPE, ID, SOCKET, SERVER, PORT, SUCCEEDED, MESSAGE_TYPE, ERROR, SIZE, CODE, OFFSET] = fields.keys();

// Small payloads are parts of this, like those of Node's own pool: memory once written is never written again.
const SLAB_SIZE = 65536;
const NEARLY_FULL = SLAB_SIZE - 4096;
let slab;

function newSlab() {
  slab = Buffer.allocUnsafeSlow(SLAB_SIZE);
  native.setSlab(slab);
}

/** Sockets that events can be about, by handle. */
const live = new Map();
/** Those that keep the process alive. */
const keepers = new Set();

function keep(socket) {
  if (socket.keepsAlive && !keepers.has(socket)) {
    keepers.add(socket);
    if (keepers.size === 1) {
      watch();
      native.keepAlive(true);
    }
  }
}

function release(socket) {
  if (keepers.delete(socket) && keepers.size === 0) {
    native.keepAlive(false);
  }
}

let watching = false;

/** Has the event loop look after the library, from the first socket on. */
function watch() {
  if (!watching) {
    native.watch(deliver, fields);
    newSlab();
    watching = true;
  }
}

/** Whether this thread is the one that gets the events. */
function isWatching() {
  return watching;
}

/** Takes the next event; whether there was one. */
function deliver() {
  const got = native.next();
  if (got === false) {
    return false;
  }
  const type = fields[TYPE];
  if (type === DATA) {
    const socket = live.get(fields[ID]);
    if (socket !== undefined) {
      const data = Array.isArray(got) ? got[0] : got;
      socket.received(data ?? inSlab(), fields[MESSAGE_TYPE], got, fields[PORT]);
    }
    return true;
  }
  if (type === CONNECT) {
    live.get(fields[SERVER])?.accepted(fields[SOCKET], got[1], fields[PORT]);
    return true;
  }
  const socket = live.get(fields[SOCKET] >= 0 ? fields[SOCKET] : fields[ID]);
  if (socket === undefined) {
    return true;
  }
  const [reason, address] = got;
  const error = fields[ERROR] === 0 ? null : new StepwireError(fields[ERROR], reason);
  if (type === DISCONNECT) {
    const code = fields[CODE] === 0 ? undefined : fields[CODE];
    socket.ended({ error, reason, code, address, port: fields[PORT] });
  } else if (type === CONNECT_ENDED) {
    socket.connectEnded(fields[SUCCEEDED] === 1 ? null : error);
  }
  return true;
}

function inSlab() {
  const start = fields[OFFSET];
  const end = start + fields[SIZE];
  const data = slab.subarray(start, end);
  if (end > NEARLY_FULL) {
    newSlab();
  }
  return data;
}

module.exports = { isWatching, keep, live, release, watch };
