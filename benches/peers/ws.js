// A peer of `cargo xtask bench`: Node's ws, which echoes messages or sends each to all. Prints "port N".
//
//   node ws.js echo|all

const { WebSocketServer } = require("ws");

const toAll = process.argv[2] === "all";
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 4096, perMessageDeflate: false });

server.on("listening", () => console.log(`port ${server.address().port}`));
server.on("connection", (socket) => {
    // The load ends its connections without a word.
    socket.on("error", () => {});
    socket.on("message", (data) => {
        for (const receiver of toAll ? server.clients : [socket]) {
            receiver.send(data);
        }
    });
});
