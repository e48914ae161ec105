// What the types must allow, and what they must not: compiled, not run.
import stepwire, { Client, Group, Server, StepwireError, Udp, constants, sendMany } from 'stepwire';
import type { Connection, End, Sender, ServerConnection } from 'stepwire';

const server: Server = new Server({ kind: 'ws', port: 6510, max_clients: 32, websocket_origins: 'https://game.example' });
server.on('connection', (connection) => {
  const exact: ServerConnection = connection;
  exact.on('message', (data, isText) => exact.send(isText ? data.toString() : data));
  exact.once('close', (end: End) => end.error?.code === 'network_error_timeout');
  // @ts-expect-error there is no such event
  exact.on('dance', () => undefined);
});
server.on('message', (connection, data) => server.sendAll(data.subarray(1), { but: connection }));

const client = await new Client({ kind: 'wss', tls_verify: false }).connect('example.org', 443);
const sent: number = client.send(new Uint8Array(3)) + client.sendRaw('x') + client.sendText('y');
const connections: Connection[] = [client, ...server.connections];
const results: (StepwireError | null)[] = sendMany(connections, 'all');
new Group(connections).send(new ArrayBuffer(sent), { but: client });

const udp = new Udp({ reliable: true, simulate_loss: 10 });
udp.on('message', (data: Buffer, { address, port, reliable }: Sender) => reliable && udp.sendTo(data, address, port));
udp.configure({ enable_reliable_udp: true });

stepwire.configure({ connect_timeout: 4000 });
const number: -6 = constants.network_error_timeout;
// @ts-expect-error an option of sockets is none of the library
stepwire.configure({ no_delay: false });
// @ts-expect-error there is no such option
new Server({ colour: 1 });
// @ts-expect-error nor such a kind
new Server({ kind: 'pigeon' });
// @ts-expect-error a number is no data
client.send(5);
// @ts-expect-error no such counter
client.stat('colour');
export { number, results };
