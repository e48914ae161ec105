/// <reference types="node" />
import { EventEmitter } from 'node:events';

import { ErrorCode, LibraryOptions, LibraryStat, SocketOptions, SocketStat, constants } from './abi.js';

export { ErrorCode, LibraryOptions, LibraryStat, SocketOptions, SocketStat, constants };

/** What can be sent: a string as its UTF-8, anything else as its bytes, which are copied before the call returns. */
export type Data = string | NodeJS.ArrayBufferView | ArrayBuffer;

/** "ws" also stands for wss:// URLs; "wss" is always encrypted. */
export type Kind = 'tcp' | 'ws' | 'wss';

/** What a call throws, or a connection ended with: the library's sentence. */
export declare class StepwireError extends Error {
  /** One of `constants.network_error_*`. */
  readonly errno: number;
  /** Its name. */
  readonly code: ErrorCode;
}

/** How a connection ended. */
export interface End {
  /** Why; null if it was closed in an orderly way. */
  error: StepwireError | null;
  /** Why, in a sentence; "" for an orderly close. */
  reason: string;
  /** Of a WebSocket: the code of the close frame; 1005 if it had none, 1006 if none came. */
  code: number | undefined;
}

/** Where a datagram came from. */
export interface Sender {
  address: string;
  port: number;
  /** Whether it came by the protocol of reliable UDP, from who proved the address. Others anybody can send in any name. */
  reliable: boolean;
}

/** A peer of a reliable UDP socket that was given up. */
export interface LostPeer {
  address: string;
  port: number;
  error: StepwireError | null;
  reason: string;
}

type EventsOf<E> = Record<keyof E, unknown[]>;

export declare abstract class Socket<E extends EventsOf<E> = any> extends EventEmitter<E> {
  /** The library's number for it, which is never used again in this process. */
  readonly handle: number;
  /** Whether it was closed. A server's client is, too, once its end was told. */
  readonly closed: boolean;
  /** The port it has on this machine. */
  readonly localPort: number;
  /** Sets options; their values are in the library's units. */
  configure(options: SocketOptions): void;
  /** A counter. */
  stat(key: SocketStat): number;
  /** The process stays for it while it is in use; so it is from the start. */
  ref(): this;
  /** The process does not stay for it. */
  unref(): this;
  /**
   * Closes it, a server with all its clients. What was sent still leaves, for at most two seconds. No event about it comes
   * any more. With a code a WebSocket says why in its close frame: 1000, 1001, 1008 to 1014 or 3000 to 4999, and at most 123
   * bytes of text. To close what is closed does nothing.
   */
  close(code?: number, reason?: string): void;
}

export declare abstract class Connection<E extends EventsOf<E> = any> extends Socket<E> {
  /**
   * Sends one packet, with GameMaker's header; returns the bytes sent. It does not wait: if the peer does not keep up it
   * throws network_error_queue_full, and nothing of this packet was sent.
   */
  send(data: Data): number;
  /** Sends bytes as they are over a raw connection; over a WebSocket a binary message. */
  sendRaw(data: Data): number;
  /** Sends a text message over a raw WebSocket. */
  sendText(text: string): number;
  /** Ends the connection when nothing came for `read`, or nothing could leave for `write` milliseconds; 0: never. */
  setTimeouts(timeouts: { read?: number; write?: number }): void;
  string(key: 'ip' | 'path' | 'query' | 'origin' | 'protocol' | 'tls'): string;
}

export interface ServerConnectionEvents {
  /** A packet, a WebSocket message, or of raw TCP some bytes of the stream; whether it was a text message. */
  message: [data: Buffer, isText: boolean];
  close: [end: End];
}

/** A server's client. */
export declare class ServerConnection extends Connection<ServerConnectionEvents> {
  private constructor();
  readonly server: Server;
  /** Who it is. */
  readonly address: string;
  readonly port: number;
}

export interface ServerEvents {
  connection: [connection: ServerConnection];
  /** Of any of its clients. */
  message: [connection: ServerConnection, data: Buffer, isText: boolean];
  disconnect: [connection: ServerConnection, end: End];
}

export interface ServerSettings extends SocketOptions {
  /** "tcp" if nothing is said. */
  kind?: Kind;
  /** 0, or nothing, is any free one: `localPort` tells. */
  port?: number;
  /** Without GameMaker's protocol. */
  raw?: boolean;
}

export declare class Server extends Socket<ServerEvents> {
  constructor(settings?: ServerSettings);
  /** Those that are connected. */
  readonly connections: ServerConnection[];
  /** Sends one packet to all clients, for a fraction of what as many sends cost; returns how many took it. */
  sendAll(data: Data, options?: { but?: Connection }): number;
  /** The same with bytes as they are. */
  sendRawAll(data: Data, options?: { but?: Connection }): number;
}

export interface ClientEvents {
  connect: [];
  message: [data: Buffer, isText: boolean];
  /** The connection has ended. `connect` may be called again. */
  close: [end: End];
}

export interface ClientSettings extends SocketOptions {
  kind?: Kind;
  raw?: boolean;
  /** Connections go out from there. */
  localPort?: number;
}

export declare class Client extends Connection<ClientEvents> {
  constructor(settings?: ClientSettings);
  readonly connected: boolean;
  /**
   * Connects; rejects with a StepwireError. For WebSockets `host` may be a URL. Without arguments it connects to where it
   * was connected before.
   */
  connect(host?: string, port?: number): Promise<this>;
}

export interface UdpEvents {
  message: [data: Buffer, sender: Sender];
  /** Reliable UDP has given a peer up. */
  lost: [peer: LostPeer];
}

export interface UdpSettings extends SocketOptions {
  /** 0, or nothing, is any free one: `localPort` tells. */
  port?: number;
  /** Messages arrive exactly once, at peers that have it too. */
  reliable?: boolean;
}

export declare class Udp extends Socket<UdpEvents> {
  constructor(settings?: UdpSettings);
  /** Sends a datagram with GameMaker's header; of a reliable socket a message of up to 64 MiB. */
  sendTo(data: Data, host: string, port: number): number;
  /** Sends a datagram without a header. */
  sendRawTo(data: Data, host: string, port: number): number;
  /** Sends a datagram without a header to everybody on the local networks. */
  broadcast(data: Data, port: number): number;
}

/** Connections that are sent the same. They leave by themselves when they end. */
export declare class Group {
  constructor(members?: Iterable<Connection>);
  readonly handle: number;
  readonly size: number;
  /** Takes a connection in; false if it was in. */
  add(connection: Connection): boolean;
  /** Takes one out; false if it was not in. */
  delete(connection: Connection): boolean;
  /** Sends one packet to all members; returns how many took it. */
  send(data: Data, options?: { but?: Connection }): number;
  /** The same with bytes as they are; members that are not raw are left out. */
  sendRaw(data: Data, options?: { but?: Connection }): number;
  /** Ends the group, not its members. */
  close(): void;
}

/** Sends one packet to connections that are chosen anew each time; of each null, or why it did not take it. */
export declare function sendMany(connections: Iterable<Connection>, data: Data): (StepwireError | null)[];
/** Sets options of the whole library. */
export declare function configure(options: LibraryOptions): void;
/** Sets options for sockets that are made later. */
export declare function configureDefault(options: SocketOptions): void;
/** A counter of the whole library. */
export declare function stat(key: LibraryStat): number;
/** All counters as text in the format of Prometheus. */
export declare function metrics(): string;
/** One of a name's addresses, IPv4 if there is one. */
export declare function resolve(name: string): Promise<string>;
/** This machine's addresses: what a player tells a friend to connect to. */
export declare function addresses(): string[];
/** The lines of the library's log that were not fetched yet. */
export declare function logLines(): Generator<string, void, undefined>;
/** Closes everything, which takes up to two seconds, and resets all options. At the end of the process it happens by itself. */
export declare function shutdown(): void;
/** The library's version. */
export declare const version: string;
