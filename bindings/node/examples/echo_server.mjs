// Sends back whatever comes:  node echo_server.mjs [PORT]
import { Server } from 'stepwire';

const server = new Server({ port: Number(process.argv[2] ?? 6510) });
server.on('message', (connection, data) => connection.send(data));
console.log(`listening on port ${server.localPort}`);
