// The types in a CommonJS module: compiled, not run.
import stepwire = require('stepwire');

const server = new stepwire.Server({ port: 0 });
server.on('message', (connection, data) => connection.send(data));
