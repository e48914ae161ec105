// A peer on Node's `ws`, told what to be by its arguments:
//   server raw|regular                echoes; prints its port, then each end as "closed CODE REASON"
//   client raw|regular URL            sends what a line of stdin says, prints what comes back
// Lines of a client: "text WORDS", "binary SIZE", "close CODE REASON".
import { createInterface } from "node:readline";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";

const { WebSocket, WebSocketServer } = createRequire(import.meta.url)("ws");

const STEP_1 = Buffer.from("GM:Studio-Connect\0");
const STEP_2 = Buffer.from("bebafeca0bb0adde1000000000000000", "hex");
const STEP_3 = Buffer.from("adbeafdeebbe0df00c000000", "hex");

function packet(payload) {
    const header = Buffer.from("dec0adde0c00000000000000", "hex");
    header.writeUInt32LE(payload.length, 8);
    return Buffer.concat([header, payload]);
}

// The handshake's steps must come one by one, each a binary message of its own.
function shakeHands(socket, send, expect, ready) {
    const steps = [...expect];
    const listen = (message, isBinary) => {
        if (!isBinary || !message.equals(steps.shift())) {
            socket.close(4000, "wrong handshake");
            return;
        }
        if (send.length) socket.send(send.shift());
        if (steps.length) return;
        socket.off("message", listen);
        ready();
    };
    socket.on("message", listen);
}

function serve(regular) {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
    server.on("listening", () => console.log(server.address().port));
    server.on("connection", (socket) => {
        const echo = () => socket.on("message", (message, isBinary) => socket.send(message, { binary: isBinary }));
        socket.on("close", (code, reason) => console.log(`closed ${code} ${reason}`));
        if (!regular) return echo();
        shakeHands(socket, [STEP_3], [STEP_2], echo);
        socket.send(STEP_1);
    });
}

function connect(regular, url) {
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const talk = () => {
        console.log("ready");
        socket.on("message", (message, isBinary) => {
            const digest = createHash("sha256").update(message).digest("hex");
            console.log(`${isBinary ? "binary" : "text"} ${message.length} ${digest}`);
        });
        createInterface({ input: process.stdin }).on("line", (line) => {
            const [what, ...words] = line.split(" ");
            if (what === "text") socket.send(words.join(" "));
            if (what === "binary") {
                const payload = Buffer.alloc(Number(words[0]), "0123456789abcdef");
                socket.send(regular ? packet(payload) : payload);
            }
            if (what === "close") socket.close(Number(words[0]), words[1]);
        });
    };
    socket.on("close", (code, reason) => {
        console.log(`closed ${code} ${reason}`);
        process.exit(0);
    });
    if (regular) shakeHands(socket, [STEP_2], [STEP_1, STEP_3], talk);
    else socket.on("open", talk);
}

const [role, kind, url] = process.argv.slice(2);
if (role === "server") serve(kind === "regular");
else connect(kind === "regular", url);
