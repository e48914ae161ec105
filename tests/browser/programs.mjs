// The C programs that the pages talk to, as processes whose lines can be waited for.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import path from "node:path";
import { root } from "../node/modules.mjs";

const DEADLINE_MS = 20_000;
const folder = process.env.STEPWIRE_PROGRAMS ?? path.join(root, "target/cmake");

export const echoServer = (...words) => new Program(path.join(folder, "tests/websocket/websocket_echo_server"), words);
export const arenaServer = (...words) =>
  new Program(path.join(folder, "c_examples/arena_server"), ["0", "--bind", "127.0.0.1", ...words]);
export const boxesServer = (...words) => new Program(path.join(folder, "tests/gamemaker/boxes_server"), words);
export const arenaBot = (...words) => new Program(path.join(folder, "c_examples/arena_bot"), words);

export class Program {
  constructor(file, words) {
    this.name = path.basename(file);
    this.lines = [];
    this.waiting = new Set();
    this.child = spawn(file, words, { stdio: ["ignore", "pipe", "inherit"] });
    this.ended = new Promise((resolve, reject) => {
      this.child.on("error", reject);
      this.child.on("close", (code, signal) => resolve(signal ?? code));
    });
    this.ended.catch(() => {}); // whoever waits for a line or the end is told
    createInterface({ input: this.child.stdout }).on("line", line => {
      this.lines.push(line);
      this.waiting.forEach(look => look());
    });
  }

  // The first line not yet taken that the pattern matches, as its match. Lines before it stay.
  line(pattern) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const at = this.lines.findIndex(line => pattern.test(line));
        if (at >= 0) {
          finish();
          resolve(this.lines.splice(at, 1)[0].match(pattern));
        }
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`${this.name} never said ${pattern}; it said: ${this.lines.slice(0, 20).join(" | ")}`));
      }, DEADLINE_MS);
      const finish = () => {
        clearTimeout(timer);
        this.waiting.delete(look);
      };
      this.waiting.add(look);
      this.ended.catch(error => {
        finish();
        reject(error);
      });
      look();
    });
  }

  // Asks it to end; its exit status.
  stop() {
    this.child.kill("SIGTERM");
    const kill = setTimeout(() => this.child.kill("SIGKILL"), DEADLINE_MS);
    return this.ended.finally(() => clearTimeout(kill));
  }
}
