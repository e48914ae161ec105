// The extension's functions in a browser: clients over WebSocket, with GameMaker's protocol or raw, and the
// disconnect event that the built-in functions lack. What a page cannot do is answered with
// stepwire_error_not_supported, and a reason in stepwire_last_error. A game's buffer is its ArrayBuffer.
const stepwire = (() => {
  "use strict";

  const WS = 6, WSS = 7;
  const DISCONNECT = 2, DATA = 3, NON_BLOCKING_CONNECT = 4, WRITABLE = 1001;
  const FAILED = -1, BAD_HANDLE = -2, BAD_ARGUMENT = -3, WRONG_KIND = -4, NOT_CONNECTED = -5, TIMEOUT = -6, TOO_BIG = -7,
    QUEUE_FULL = -8, HANDSHAKE = -12, NOT_SUPPORTED = -14, BUSY = -15, CLOSED = -16;
  const ERRORS = {
    [-1]: "failed", [-2]: "bad_handle", [-3]: "bad_argument", [-4]: "wrong_kind", [-5]: "not_connected", [-6]: "timeout",
    [-7]: "too_big", [-8]: "queue_full", [-9]: "limit", [-10]: "resolve", [-11]: "tls", [-12]: "handshake",
    [-13]: "address_in_use", [-14]: "not_supported", [-15]: "busy", [-16]: "closed", [-99]: "internal",
  };
  const BANNER = "GM:Studio-Connect\0";
  const PACKET = 0xDEADC0DE, HEADER = 12;
  const LARGEST = 64 << 20;
  const DEFAULTS = { gameId: 0, sizeLimit: LARGEST, sendLimit: 16 << 20, protocols: "" };

  let sockets = new Map(), nextHandle = 0;
  let arrived = [], waiting = [], current = null;
  let lastError = "", lines = [], connectTimeout = 10000, nonBlocking = false;
  let defaults = { ...DEFAULTS };

  function fail(name, error, reason) {
    lastError = reason;
    lines.push(`${name}: ${reason}`);
    if (lines.length > 64) {
      lines.shift();
    }
    return error;
  }

  const unsupported = (name, what) => fail(name, NOT_SUPPORTED, `${what} is not possible in a browser`);

  // What `work` makes of a living socket.
  function withSocket(name, handle, work) {
    const socket = sockets.get(handle);
    return socket ? work(socket)
      : fail(name, BAD_HANDLE, "no such socket: the handle was never valid or has been destroyed");
  }

  const isWhole = (value, least, most) => Number.isInteger(value) && value >= least && value <= most;
  const words = (...values) => {
    const view = new DataView(new ArrayBuffer(4 * values.length));
    values.forEach((value, index) => view.setUint32(4 * index, value, true));
    return new Uint8Array(view.buffer);
  };
  const viewOf = bytes => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

  function create(type) {
    if (type !== WS && type !== WSS) {
      return unsupported("stepwire_create_socket", "a socket that is no WebSocket");
    }
    const handle = nextHandle++;
    sockets.set(handle, {
      handle, secure: type === WSS, settings: { ...defaults }, web: null, state: "idle", regular: true, url: "", port: 0,
      rest: new Uint8Array(0), timer: 0, refused: false,
      counts: { packets_sent: 0, packets_received: 0, bytes_sent: 0, bytes_received: 0, dropped: 0 },
    });
    return handle;
  }

  // The rule of runners: the kind of socket forces TLS, a port that is not 0 beats the url's.
  function addressOf(socket, url, port) {
    const found = /^(?:(wss?):\/\/)?(\[[^\]]+\]|[^/:?#]+)(?::(\d+))?(\/[^#]*|\?[^#]*)?$/i.exec(url);
    if (!found) {
      return null;
    }
    const [, scheme, host, urlPort, path = "/"] = found;
    const secure = socket.secure || /^wss$/i.test(scheme ?? "");
    const chosen = port > 0 ? port : Number(urlPort ?? (secure ? 443 : 80));
    const bare = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
    return { url: `${secure ? "wss" : "ws"}://${bare}:${chosen}${path.startsWith("/") ? path : `/${path}`}`,
      host, port: chosen, path, secure };
  }

  function connect(name, handle, url, port, regular) {
    return withSocket(name, handle, socket => {
      if (socket.state === "connecting" || socket.state === "open") {
        return fail(name, BUSY, "the socket is connecting or connected already");
      }
      const address = typeof url === "string" && isWhole(port, 0, 65535) ? addressOf(socket, url, port) : null;
      if (!address || !isWhole(address.port, 1, 65535)) {
        return fail(name, BAD_ARGUMENT, `${url} and port ${port} are no address of a server`);
      }
      const protocols = socket.settings.protocols.split(",").map(word => word.trim()).filter(word => word !== "");
      let web;
      try {
        web = new WebSocket(address.url, protocols);
      } catch (error) {
        return fail(name, FAILED, `the browser refused to connect: ${error.message}`);
      }
      web.binaryType = "arraybuffer";
      Object.assign(socket, { web, state: "connecting", step: regular ? "banner" : "open", regular, url, port: address.port,
        address, rest: new Uint8Array(0), refused: false });
      socket.timer = setTimeout(() => end(socket, TIMEOUT, "the server did not answer in time"), connectTimeout);
      const mine = work => event => socket.web === web && work(event);
      web.onopen = mine(() => regular || ready(socket));
      web.onmessage = mine(({ data }) => message(socket, data));
      web.onclose = mine(event => closed(socket, event));
      return handle;
    });
  }

  function push(socket, reals, texts, payload = null) {
    arrived.push({
      handle: socket.handle, payload,
      reals: { id: socket.handle, port: socket.port, ...reals },
      texts: { ip: socket.url, ...texts },
    });
  }

  function ready(socket) {
    clearTimeout(socket.timer);
    socket.state = "open";
    push(socket, { type: NON_BLOCKING_CONNECT, socket: socket.handle, error: 0, succeeded: 1 }, { reason: "" });
  }

  // The connection is over, or never was; the one event that says so.
  function end(socket, error, reason, code = 0) {
    const { web, state, handle } = socket;
    clearTimeout(socket.timer);
    socket.web = null;
    socket.state = "closed";
    if (web.readyState < WebSocket.CLOSING) {
      web.close();
    }
    if (state === "connecting") {
      push(socket, { type: NON_BLOCKING_CONNECT, socket: handle, error, succeeded: 0 }, { reason });
    } else if (state === "open") {
      push(socket, { type: DISCONNECT, socket: handle, other_port: socket.port, error, ...(code > 0 && { code }) },
        { reason });
    }
  }

  function closed(socket, { code, reason, wasClean }) {
    if (socket.state === "connecting") {
      end(socket, FAILED, `the connection could not be made (${code}): browsers do not say why`);
    } else if (wasClean && (code === 1000 || code === 1001 || code === 1005)) {
      end(socket, 0, reason, code);
    } else {
      end(socket, CLOSED, reason || `the connection was lost (${code})`, code);
    }
  }

  function message(socket, data) {
    const text = typeof data === "string";
    const bytes = text ? new TextEncoder().encode(data) : new Uint8Array(data);
    socket.counts.bytes_received += bytes.length;
    if (socket.step === "banner") {
      const banner = Array.from(bytes, byte => String.fromCharCode(byte)).join("");
      if (text || banner !== BANNER) {
        end(socket, HANDSHAKE, "the server did not begin with GameMaker's handshake");
        return;
      }
      transmit(socket, words(0xCAFEBABE, 0xDEADB00B, 16, socket.settings.gameId));
      socket.step = "confirmation";
    } else if (socket.step === "confirmation") {
      const expected = words(0xDEAFBEAD, 0xF00DBEEB, 12);
      if (text || bytes.length < 12 || expected.some((byte, index) => bytes[index] !== byte)) {
        end(socket, HANDSHAKE, "the server did not complete GameMaker's handshake");
        return;
      }
      socket.step = "open";
      ready(socket);
      packets(socket, bytes.subarray(12));
    } else if (socket.regular) {
      text ? socket.counts.dropped++ : packets(socket, bytes);
    } else if (bytes.length > socket.settings.sizeLimit) {
      end(socket, TOO_BIG, `a message of ${bytes.length} bytes is over the limit`);
    } else {
      receive(socket, bytes, text ? 2 : 1);
    }
  }

  // Messages hold packets, whole or, from lenient peers, in parts.
  function packets(socket, bytes) {
    let all = bytes;
    if (socket.rest.length > 0) {
      all = new Uint8Array(socket.rest.length + bytes.length);
      all.set(socket.rest);
      all.set(bytes, socket.rest.length);
    }
    let at = 0;
    while (all.length - at >= HEADER) {
      const header = viewOf(all.subarray(at, at + HEADER));
      if (header.getUint32(0, true) !== PACKET || header.getUint32(4, true) !== HEADER) {
        socket.counts.dropped++;
        at = all.length;
        break;
      }
      const size = header.getUint32(8, true);
      if (size > socket.settings.sizeLimit) {
        end(socket, TOO_BIG, `a packet of ${size} bytes is over the limit`);
        return;
      }
      if (all.length - at - HEADER < size) {
        break;
      }
      receive(socket, all.subarray(at + HEADER, at + HEADER + size), 1);
      at += HEADER + size;
    }
    socket.rest = all.slice(at);
  }

  function receive(socket, payload, messageType) {
    socket.counts.packets_received++;
    push(socket, { type: DATA, other_port: socket.port, size: payload.length, message_type: messageType }, {},
      payload.slice());
  }

  function transmit(socket, message) {
    socket.counts.bytes_sent += typeof message === "string" ? message.length : message.byteLength;
    socket.web.send(message);
  }

  function send(name, handle, address, size, make) {
    return withSocket(name, handle, socket => {
      if (socket.state !== "open") {
        return socket.state === "closed" ? fail(name, CLOSED, "the connection is closed")
          : fail(name, NOT_CONNECTED, "the socket is not connected");
      }
      const held = address instanceof ArrayBuffer ? address.byteLength : 0;
      if (!isWhole(size, 0, Number.MAX_SAFE_INTEGER) || size > held) {
        return fail(name, BAD_ARGUMENT, `the buffer holds ${held} bytes, not ${size}`);
      }
      if (size > LARGEST) {
        return fail(name, TOO_BIG, "a message can be 64 MiB at the most");
      }
      // One message is taken whatever the limit.
      if (socket.web.bufferedAmount > 0 && socket.web.bufferedAmount >= socket.settings.sendLimit) {
        socket.refused = true;
        return fail(name, QUEUE_FULL, "the peer does not keep up");
      }
      const message = make(socket, new Uint8Array(held > 0 ? address : new ArrayBuffer(0), 0, size));
      if (message === null) {
        return fail(name, WRONG_KIND, "raw bytes would corrupt a regular connection; use stepwire_send_packet");
      }
      transmit(socket, message);
      socket.counts.packets_sent++;
      return size;
    });
  }

  // Browsers do not tell when there is room again: it is asked whenever the game collects.
  function tellOfRoom(socket) {
    if (socket.refused && socket.state === "open" && socket.web.bufferedAmount <= socket.settings.sendLimit / 2) {
      socket.refused = false;
      push(socket, { type: WRITABLE, other_port: socket.port }, {});
    }
  }

  function packet(_, payload) {
    const message = new Uint8Array(HEADER + payload.length);
    message.set(words(PACKET, HEADER, payload.length));
    message.set(payload, HEADER);
    return message;
  }

  // Options of a socket, or with -1 of those created later.
  function setting(name, handle, key, value) {
    if (handle === -1) {
      defaults[key] = value;
      return 0;
    }
    return withSocket(name, handle, socket => {
      socket.settings[key] = value;
      return 0;
    });
  }

  return {
    init: () => 0,
    final() {
      for (const { web, timer } of sockets.values()) {
        clearTimeout(timer);
        web?.close();
      }
      sockets = new Map();
      arrived = [];
      waiting = [];
      current = null;
      defaults = { ...DEFAULTS };
      connectTimeout = 10000;
      nonBlocking = false;
      return 0;
    },
    interface: () => 2,
    // What arrives while the game looks at these is for the next call.
    collect() {
      if (waiting.length === 0) {
        sockets.forEach(tellOfRoom);
        [waiting, arrived, current] = [arrived, [], null];
      }
      return waiting.length;
    },
    create_socket: create,
    create_socket_ext: () => unsupported("stepwire_create_socket_ext", "choosing a local port"),
    create_server: () => unsupported("stepwire_create_server", "listening"),
    create_server_raw: () => unsupported("stepwire_create_server_raw", "listening"),
    connect: (socket, url, port) => nonBlocking ? connect("stepwire_connect", socket, url, port, true)
      : unsupported("stepwire_connect", "waiting for a connection (use stepwire_connect_async)"),
    connect_raw: (socket, url, port) => nonBlocking ? connect("stepwire_connect_raw", socket, url, port, false)
      : unsupported("stepwire_connect_raw", "waiting for a connection (use stepwire_connect_raw_async)"),
    connect_async: (socket, url, port) => connect("stepwire_connect_async", socket, url, port, true),
    connect_raw_async: (socket, url, port) => connect("stepwire_connect_raw_async", socket, url, port, false),
    resolve() {
      unsupported("stepwire_resolve", "looking up an address");
      return "";
    },
    set_config_real(option, value1, value2) {
      const name = "stepwire_set_config";
      const within = (value, least, most) => isWhole(value, least, most)
        || (fail(name, BAD_ARGUMENT, `the value must be a whole number from ${least} to ${most}, not ${value}`), false);
      switch (option) {
        case 0:
          return within(value1, 1, 2147483647) ? (connectTimeout = value1, 0) : BAD_ARGUMENT;
        case 1:
          return within(value1, 0, 1) ? (nonBlocking = value1 === 1, 0) : BAD_ARGUMENT;
        case 8:
          return within(value2, 1, 2147483647) ? setting(name, value1, "sizeLimit", value2) : BAD_ARGUMENT;
        case 1000:
          return within(value2, 0, 4294967295) ? setting(name, value1, "gameId", value2) : BAD_ARGUMENT;
        case 1005:
          return within(value2, 1, 2147483647) ? setting(name, value1, "sendLimit", value2) : BAD_ARGUMENT;
        default:
          return unsupported(name, `the option ${option}`);
      }
    },
    set_config_string: (option, socket, value) => option === 5
      ? setting("stepwire_set_config", socket, "protocols", String(value))
      : unsupported("stepwire_set_config", `the option ${option}`),
    set_timeout: () => unsupported("stepwire_set_timeout", "a timeout of an open connection"),
    send_packet_buffer: () => unsupported("stepwire_send_packet_buffer", "passing a buffer by its id"),
    send_raw_buffer: () => unsupported("stepwire_send_raw_buffer", "passing a buffer by its id"),
    send_udp_buffer: () => unsupported("stepwire_send_udp", "UDP"),
    send_udp_raw_buffer: () => unsupported("stepwire_send_udp_raw", "UDP"),
    send_broadcast_buffer: () => unsupported("stepwire_send_broadcast", "UDP"),
    send_packet_bytes: (socket, address, size) => send("stepwire_send_packet", socket, address, size, packet),
    send_raw_bytes: (socket, address, size, options) => send("stepwire_send_raw", socket, address, size,
      ({ regular }, payload) => regular ? null : options === 2 ? new TextDecoder().decode(payload) : payload.slice()),
    check_size: (size, held) => size <= held ? 0
      : fail("stepwire_check_size", BAD_ARGUMENT, `the buffer holds ${held} bytes, not ${size}`),
    set_udp_target: () => unsupported("stepwire_send_udp", "UDP"),
    send_udp_bytes: () => unsupported("stepwire_send_udp", "UDP"),
    send_udp_raw_bytes: () => unsupported("stepwire_send_udp_raw", "UDP"),
    send_broadcast_bytes: () => unsupported("stepwire_send_broadcast", "UDP"),
    destroy: handle => withSocket("stepwire_destroy", handle, ({ web, timer }) => {
      clearTimeout(timer);
      sockets.delete(handle);
      // The close frame follows what was sent; no event about the socket any more.
      if (web) {
        web.onopen = web.onmessage = web.onclose = null;
        web.close();
      }
      arrived = arrived.filter(event => event.handle !== handle);
      waiting = waiting.filter(event => event.handle !== handle);
      return 0;
    }),
    last_error: () => lastError,
    error_name: error => error in ERRORS ? `network_error_${ERRORS[error]}` : "",
    get_string(handle, key) {
      const socket = sockets.get(handle);
      if (!socket?.address) {
        return "";
      }
      const [path, query = ""] = socket.address.path.split("?");
      return { ip: socket.address.host, path: path || "/", query, protocol: socket.web?.protocol ?? "",
        tls: socket.address.secure ? "1" : "" }[key] ?? "";
    },
    get_port: handle => withSocket("stepwire_get_port", handle,
      () => unsupported("stepwire_get_port", "asking for the local port")),
    get_stat(handle, key) {
      const name = "stepwire_get_stat";
      const unknown = () => fail(name, BAD_ARGUMENT, `"${key}" is not counted in a browser`);
      if (handle === -1) {
        return { sockets: sockets.size, events: arrived.length + waiting.length }[key] ?? unknown();
      }
      return withSocket(name, handle, ({ counts, web }) =>
        key === "send_queue" ? web?.bufferedAmount ?? 0 : counts[key] ?? unknown());
    },
    version: () => "0.2.0",
    event_next() {
      current = waiting.shift() ?? null;
      return current?.reals.type ?? 0;
    },
    event_real_key: index => Object.keys(current?.reals ?? {})[index] ?? "",
    event_string_key: index => Object.keys(current?.texts ?? {})[index] ?? "",
    event_real: key => current?.reals[key] ?? fail("stepwire_event_real", BAD_ARGUMENT, `the event has no key "${key}"`),
    event_string: key => current?.texts[key] ?? "",
    event_read(address, offset, size) {
      const available = current?.payload?.length ?? 0;
      const room = address instanceof ArrayBuffer ? address.byteLength : 0;
      if (!isWhole(offset, 0, Number.MAX_SAFE_INTEGER) || !isWhole(size, 0, room)) {
        return fail("stepwire_event_read", BAD_ARGUMENT, `the buffer has room for ${room} bytes, not ${size}`);
      }
      const copied = Math.min(size, Math.max(available - offset, 0));
      if (copied > 0) {
        new Uint8Array(address).set(current.payload.subarray(offset, offset + copied));
      }
      return copied;
    },
    console_line: () => lines.shift() ?? "",
  };
})();

// The names that the game's code has for them.
function stepwire_init(...given) { return stepwire.init(...given); }
function stepwire_final(...given) { return stepwire.final(...given); }
function stepwire_interface(...given) { return stepwire.interface(...given); }
function stepwire_collect(...given) { return stepwire.collect(...given); }
function stepwire_create_socket(...given) { return stepwire.create_socket(...given); }
function stepwire_create_socket_ext(...given) { return stepwire.create_socket_ext(...given); }
function stepwire_create_server(...given) { return stepwire.create_server(...given); }
function stepwire_create_server_raw(...given) { return stepwire.create_server_raw(...given); }
function stepwire_connect(...given) { return stepwire.connect(...given); }
function stepwire_connect_raw(...given) { return stepwire.connect_raw(...given); }
function stepwire_connect_async(...given) { return stepwire.connect_async(...given); }
function stepwire_connect_raw_async(...given) { return stepwire.connect_raw_async(...given); }
function stepwire_resolve(...given) { return stepwire.resolve(...given); }
function stepwire_set_config_real(...given) { return stepwire.set_config_real(...given); }
function stepwire_set_config_string(...given) { return stepwire.set_config_string(...given); }
function stepwire_set_timeout(...given) { return stepwire.set_timeout(...given); }
function stepwire_send_packet_buffer(...given) { return stepwire.send_packet_buffer(...given); }
function stepwire_send_raw_buffer(...given) { return stepwire.send_raw_buffer(...given); }
function stepwire_send_udp_buffer(...given) { return stepwire.send_udp_buffer(...given); }
function stepwire_send_udp_raw_buffer(...given) { return stepwire.send_udp_raw_buffer(...given); }
function stepwire_send_broadcast_buffer(...given) { return stepwire.send_broadcast_buffer(...given); }
function stepwire_send_packet_bytes(...given) { return stepwire.send_packet_bytes(...given); }
function stepwire_send_raw_bytes(...given) { return stepwire.send_raw_bytes(...given); }
function stepwire_check_size(...given) { return stepwire.check_size(...given); }
function stepwire_set_udp_target(...given) { return stepwire.set_udp_target(...given); }
function stepwire_send_udp_bytes(...given) { return stepwire.send_udp_bytes(...given); }
function stepwire_send_udp_raw_bytes(...given) { return stepwire.send_udp_raw_bytes(...given); }
function stepwire_send_broadcast_bytes(...given) { return stepwire.send_broadcast_bytes(...given); }
function stepwire_destroy(...given) { return stepwire.destroy(...given); }
function stepwire_last_error(...given) { return stepwire.last_error(...given); }
function stepwire_error_name(...given) { return stepwire.error_name(...given); }
function stepwire_get_string(...given) { return stepwire.get_string(...given); }
function stepwire_get_port(...given) { return stepwire.get_port(...given); }
function stepwire_get_stat(...given) { return stepwire.get_stat(...given); }
function stepwire_version(...given) { return stepwire.version(...given); }
function stepwire_event_next(...given) { return stepwire.event_next(...given); }
function stepwire_event_real_key(...given) { return stepwire.event_real_key(...given); }
function stepwire_event_string_key(...given) { return stepwire.event_string_key(...given); }
function stepwire_event_real(...given) { return stepwire.event_real(...given); }
function stepwire_event_string(...given) { return stepwire.event_string(...given); }
function stepwire_event_read(...given) { return stepwire.event_read(...given); }
function stepwire_console_line(...given) { return stepwire.console_line(...given); }
