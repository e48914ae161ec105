'use strict';

const { EventEmitter } = require('node:events');
const native = require('./native.js');
const { constants } = require('./abi.js');
const { StepwireError, checked } = require('./errors.js');
const { keep, live, release, watch } = require('./events.js');
const { setOptions, withTlsDefaults } = require('./options.js');

const KINDS = {
  tcp: constants.network_socket_tcp,
  ws: constants.network_socket_ws,
  wss: constants.network_socket_wss,
};
const BINARY = constants.network_send_binary;
const TEXT = constants.network_send_text;
const RELIABLE = constants.network_message_reliable;
const ANY_NUMBER = 2147483647;

function kindOf(name) {
  if (!Object.hasOwn(KINDS, name)) {
    throw new TypeError(`there is no kind of socket ${name}: tcp, ws or wss`);
  }
  return KINDS[name];
}

/** A string is its UTF-8. */
function bytes(data) {
  return typeof data === 'string' ? Buffer.from(data) : data;
}

// A client that is not connected is held by nobody but the program: if that forgets it, so does the library.
const forgotten = new FinalizationRegistry((handle) => native.network_destroy(handle));

class Socket extends EventEmitter {
  constructor(handle) {
    super();
    this.handle = checked(handle);
    /** Whether it is closed, and no more events come. */
    this.closed = false;
    /** Whether the process stays for it: ref and unref. */
    this.keepsAlive = true;
    try {
      watch();
    } catch (error) {
      native.network_destroy(handle);
      throw error;
    }
  }

  /** Sets options, or closes it and throws. */
  begin(options) {
    try {
      setOptions(this.handle, options);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  configure(options) {
    setOptions(this.handle, options);
  }

  get localPort() {
    return checked(native.network_get_port(this.handle));
  }

  stat(key) {
    return checked(native.network_get_stat(this.handle, key));
  }

  ref() {
    this.keepsAlive = true;
    if (live.has(this.handle)) {
      keep(this);
    }
    return this;
  }

  unref() {
    this.keepsAlive = false;
    release(this);
    return this;
  }

  close(code, reason = '') {
    if (this.closed) {
      return;
    }
    if (code === undefined) {
      // It may be gone already: a connection whose end was told.
      native.network_destroy(this.handle);
    } else {
      checked(native.network_close(this.handle, code, reason));
    }
    this.forget();
  }

  /** No more events. */
  forget() {
    this.closed = true;
    this.rest();
  }

  /** No events until it is used again. */
  rest() {
    live.delete(this.handle);
    release(this);
  }

  /** Events may come. */
  wake() {
    live.set(this.handle, this);
    keep(this);
  }
}

class Connection extends Socket {
  send(data) {
    const sent = native.network_send_packet(this.handle, typeof data === 'string' ? Buffer.from(data) : data);
    return sent < 0 ? checked(sent) : sent;
  }

  sendRaw(data) {
    return checked(native.network_send_raw(this.handle, bytes(data), BINARY));
  }

  sendText(text) {
    if (typeof text !== 'string') {
      throw new TypeError('sendText takes a string');
    }
    return checked(native.network_send_raw(this.handle, Buffer.from(text), TEXT));
  }

  setTimeouts({ read = 0, write = 0 }) {
    checked(native.network_set_timeout(this.handle, read, write));
  }

  string(key) {
    return native.network_get_string(this.handle, key);
  }

  received(data, messageType) {
    this.emit('message', data, messageType === TEXT);
  }
}

/** A server's client. */
class ServerConnection extends Connection {
  constructor(handle, server, address, port) {
    super(handle);
    this.server = server;
    this.address = address;
    this.port = port;
    // The server keeps the process alive.
    this.keepsAlive = false;
    server.clients.add(this);
    this.wake();
  }

  received(data, messageType) {
    const isText = messageType === TEXT;
    this.emit('message', data, isText);
    if (!this.closed) {
      this.server.emit('message', this, data, isText);
    }
  }

  ended({ error, reason, code }) {
    const { server } = this;
    this.forget();
    this.emit('close', { error, reason, code });
    server.emit('disconnect', this, { error, reason, code });
  }

  forget() {
    super.forget();
    this.server.clients.delete(this);
  }
}

class Server extends Socket {
  constructor({ kind = 'tcp', port = 0, max_clients: maxClients = ANY_NUMBER, raw = false, ...options } = {}) {
    const create = raw ? native.network_create_server_raw : native.network_create_server;
    super(withTlsDefaults(options, () => create(kindOf(kind), port, maxClients)));
    this.clients = new Set();
    this.begin(options);
    this.wake();
  }

  /** Those that are connected. */
  get connections() {
    return [...this.clients];
  }

  sendAll(data, { but } = {}) {
    return checked(native.network_group_send_packet(this.handle, bytes(data), handleOrNone(but)));
  }

  sendRawAll(data, { but } = {}) {
    return checked(native.network_group_send_raw(this.handle, bytes(data), handleOrNone(but)));
  }

  accepted(handle, address, port) {
    this.emit('connection', new ServerConnection(handle, this, address, port));
  }

  forget() {
    super.forget();
    for (const client of this.connections) {
      client.forget();
    }
  }
}

class Client extends Connection {
  #connecting = null;
  #peer = null;
  #raw;

  constructor({ kind = 'tcp', raw = false, localPort, ...options } = {}) {
    super(
      localPort === undefined
        ? native.network_create_socket(kindOf(kind))
        : native.network_create_socket_ext(kindOf(kind), localPort),
    );
    this.#raw = raw;
    /** Whether it is connected. */
    this.connected = false;
    forgotten.register(this, this.handle, this);
    this.begin(options);
  }

  /** Connects, and settles when that is done; without arguments to where it was connected before. */
  async connect(host, port = 0) {
    if (host === undefined) {
      if (this.#peer === null) {
        throw new TypeError('the first connect needs a host');
      }
      [host, port] = this.#peer;
    }
    const call = this.#raw ? native.network_connect_raw_async : native.network_connect_async;
    checked(call(this.handle, host, port));
    this.#peer = [host, port];
    this.wake();
    return new Promise((resolve, reject) => {
      this.#connecting = { resolve, reject };
    });
  }

  connectEnded(error) {
    const { resolve, reject } = this.#connecting;
    this.#connecting = null;
    if (error === null) {
      this.connected = true;
      this.emit('connect');
      resolve(this);
    } else {
      this.rest();
      reject(error);
    }
  }

  ended({ error, reason, code }) {
    this.connected = false;
    this.rest();
    this.emit('close', { error, reason, code });
  }

  forget() {
    super.forget();
    this.connected = false;
    forgotten.unregister(this);
    this.#connecting?.reject(new StepwireError(constants.network_error_closed, 'the socket was closed while it connected'));
    this.#connecting = null;
  }
}

class Udp extends Socket {
  constructor({ port = 0, reliable = false, ...options } = {}) {
    super(native.network_create_socket_ext(constants.network_socket_udp, port));
    native.withAddress(this.handle);
    this.begin(reliable ? { enable_reliable_udp: true, ...options } : options);
    this.wake();
  }

  sendTo(data, host, port) {
    return checked(native.network_send_udp(this.handle, host, port, bytes(data)));
  }

  sendRawTo(data, host, port) {
    return checked(native.network_send_udp_raw(this.handle, host, port, bytes(data)));
  }

  broadcast(data, port) {
    return checked(native.network_send_broadcast(this.handle, port, bytes(data)));
  }

  received(data, messageType, [, address], port) {
    this.emit('message', data, { address, port, reliable: messageType === RELIABLE });
  }

  ended({ error, reason, address, port }) {
    this.emit('lost', { address, port, error, reason });
  }
}

class Group {
  constructor(members = []) {
    this.handle = checked(native.network_create_group());
    forgotten.register(this, this.handle, this);
    for (const member of members) {
      this.add(member);
    }
  }

  get size() {
    return checked(native.network_group_size(this.handle));
  }

  add(connection) {
    return checked(native.network_group_add(this.handle, handleOf(connection))) === 1;
  }

  delete(connection) {
    return checked(native.network_group_remove(this.handle, handleOf(connection))) === 1;
  }

  send(data, { but } = {}) {
    return checked(native.network_group_send_packet(this.handle, bytes(data), handleOrNone(but)));
  }

  sendRaw(data, { but } = {}) {
    return checked(native.network_group_send_raw(this.handle, bytes(data), handleOrNone(but)));
  }

  close() {
    forgotten.unregister(this);
    native.network_destroy(this.handle);
  }
}

function handleOf(connection) {
  if (!(connection instanceof Connection)) {
    throw new TypeError('a connection is needed');
  }
  return connection.handle;
}

function handleOrNone(connection) {
  return connection === undefined ? -1 : handleOf(connection);
}

/** Sends one packet to connections that are chosen anew each time; of each null, or why it did not take it. */
function sendMany(connections, data) {
  const handles = Float64Array.from(connections, handleOf);
  const results = new Float64Array(handles.length);
  checked(native.network_send_packet_many(handles, bytes(data), results));
  return Array.from(results, (result) =>
    result < 0 ? new StepwireError(result, native.network_error_name(result)) : null,
  );
}

module.exports = { Client, Connection, Group, Server, ServerConnection, Socket, Udp, sendMany };
