// The packages of package.json, from where `cargo xtask test` installs them (STEPWIRE_NODE_MODULES).
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import path from "node:path";

export const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = process.env.STEPWIRE_NODE_MODULES ?? path.join(root, "target/node/node_modules");

export const load = createRequire(path.join(folder, "from-here.js"));
