// A lobby for GameMaker games: desktop players come over TCP, those of the HTML5 build over WebSockets, and all see each other.
//
//   node lobby.mjs [TCP_PORT [WEBSOCKET_PORT]]
//
// A packet to a player is a kind (buffer_u8), a player's number (buffer_u16) and what that player has said: a name with
// which it comes first, then whatever the game likes.
import { Group, Server, sendMany } from 'stepwire';

const WELCOME = 0;
const JOINED = 1;
const LEFT = 2;
const SAID = 3;

const [tcpPort = 6510, webSocketPort = 6511] = process.argv.slice(2).map(Number);
const everybody = new Group();
const players = new Map();
let count = 0;

function packet(kind, player, said = Buffer.alloc(0)) {
  const head = Buffer.alloc(3);
  head.writeUInt8(kind, 0);
  head.writeUInt16LE(player.number, 1);
  return Buffer.concat([head, said]);
}

function serve(kind, port) {
  const server = new Server({ kind, port, max_clients: 64 });
  server.on('connection', (connection) => {
    const player = { number: (count += 1), name: null };
    players.set(connection, player);
    sendMany([connection], packet(WELCOME, player));
  });
  server.on('message', (connection, data) => {
    const player = players.get(connection);
    if (player.name !== null) {
      everybody.send(packet(SAID, player, data), { but: connection });
      return;
    }
    player.name = data;
    for (const other of players.values()) {
      if (other !== player && other.name !== null) {
        sendMany([connection], packet(JOINED, other, other.name));
      }
    }
    everybody.send(packet(JOINED, player, data));
    everybody.add(connection);
  });
  server.on('disconnect', (connection) => {
    const player = players.get(connection);
    players.delete(connection);
    if (player.name !== null) {
      everybody.send(packet(LEFT, player));
    }
  });
  return server.localPort;
}

console.log(`TCP on port ${serve('tcp', tcpPort)}, WebSockets on port ${serve('ws', webSocketPort)}`);
