// A browser against the C servers: node tests/browser/run.mjs [--screenshot FILE]
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../node/modules.mjs";
import { certify, launch, servePages } from "./chromium.mjs";
import { arenaBot, arenaServer, echoServer } from "./programs.mjs";

const TIME_LIMIT = { timeout: 120_000 };
const BANNER = Buffer.from("GM:Studio-Connect\0").toString("hex");
const ACCEPTED = "adbeafdeebbe0df00c000000";

const screenshot = process.argv[2] === "--screenshot" ? process.argv[3] : null;
let browser, certificate, home, elsewhere;

before(async () => {
  certificate = certify();
  browser = await launch(certificate.chain);
  home = await servePages();
  elsewhere = await servePages();
}, TIME_LIMIT);

after(async () => {
  await browser?.close();
  home?.close();
  elsewhere?.close();
  certificate?.remove();
});

async function open(t, url) {
  const page = await browser.newPage();
  t.after(() => page.close());
  page.on("pageerror", error => console.error(`the page failed: ${error}`));
  await page.goto(url);
  return page;
}

// A program that must end in good order.
function running(t, program) {
  t.after(async () => assert.equal(await program.stop(), 0, `${program.name} ended badly`));
  return program;
}

const tlsOptions = kind => kind === "wss" ? ["--cert", certificate.chain, "--key", certificate.key] : [];

async function echo(t, kind, ...words) {
  const server = running(t, echoServer(kind, ...tlsOptions(kind), ...words));
  const [, port] = await server.line(/^port (\d+)$/);
  return { server, url: `${kind}://127.0.0.1:${port}/` };
}

// What is evaluated in the page is its own functions, see packets.html.
const join = (page, url) => page.evaluate(url => join(url), url);
const exchange = (page, sizes) => page.evaluate(sizes => exchange(sizes), sizes);

for (const kind of ["ws", "wss"]) {
  for (const mode of ["an I/O thread", "manual I/O"]) {
    const words = mode === "manual I/O" ? ["--manual"] : [];

    test(`packets both ways over ${kind}, ${mode}`, TIME_LIMIT, async t => {
      const { server, url } = await echo(t, kind, ...words);
      const page = await open(t, `${home.origin}/packets.html`);
      assert.deepEqual(await join(page, url), { banner: BANNER, accepted: ACCEPTED, protocol: "" });
      const [, handle, origin] = await server.line(/^connect (\d+) (\S*)$/);
      assert.equal(origin, home.origin);
      const sizes = [5, 0, 1, 113, 114, 65_523, 65_524, 90_000, 1 << 20, 3];
      assert.equal(await exchange(page, sizes), "same");
      for (const size of sizes) {
        assert.equal((await server.line(new RegExp(`^data ${handle} (\\d+)$`)))[1], `${size}`);
      }
      const closed = await page.evaluate(() => close(1000, "done"));
      assert.deepEqual(closed, { code: 1000, reason: closed.reason, wasClean: true });
      assert.match((await server.line(new RegExp(`^disconnect ${handle} .*`)))[0], /^disconnect \d+ 0 /);
    });

    test(`a reload in the middle over ${kind}, ${mode}`, TIME_LIMIT, async t => {
      const { server, url } = await echo(t, kind, ...words);
      const page = await open(t, `${home.origin}/packets.html`);
      await join(page, url);
      const [, first] = await server.line(/^connect (\d+)/);
      // Far more than is there when the page goes.
      await page.evaluate(() => flood(40, 1 << 20));
      await server.line(new RegExp(`^data ${first} `));
      await page.reload();
      await server.line(new RegExp(`^disconnect ${first} `));
      await join(page, url);
      const [, second] = await server.line(/^connect (\d+)/);
      assert.notEqual(second, first);
      assert.equal(await exchange(page, [7, 90_000]), "same");
    });
  }
}

test("pages of a foreign origin are refused", TIME_LIMIT, async t => {
  const { server, url } = await echo(t, "ws", "--origins", `https://game.example,${home.origin}`);
  const foreign = await open(t, `${elsewhere.origin}/packets.html`);
  const refused = await join(foreign, url);
  assert.equal(refused.closed?.code, 1006);
  const file = await open(t, pathToFileURL(path.join(root, "tests/browser/packets.html")).href);
  assert.equal((await join(file, url)).closed?.code, 1006);
  const ours = await open(t, `${home.origin}/packets.html`);
  assert.equal((await join(ours, url)).accepted, ACCEPTED);
  const [, , origin] = await server.line(/^connect (\d+) (\S*)$/);
  assert.equal(origin, home.origin, "the first that the server saw of anybody");
});

test("certificates of unknown issuers are refused by the browser and harm nobody", TIME_LIMIT, async t => {
  const { server, url } = await echo(t, "wss");
  const wary = await launch();
  t.after(() => wary.close());
  const page = await wary.newPage();
  await page.goto(`${home.origin}/packets.html`);
  assert.equal((await join(page, url)).closed?.code, 1006);
  const trusting = await open(t, `${home.origin}/packets.html`);
  assert.equal((await join(trusting, url)).accepted, ACCEPTED);
  await server.line(/^connect /);
  assert.deepEqual(server.lines.filter(line => line.startsWith("connect")), [], "the wary one was never seen");
});

// Where the page says the player is.
async function position(page) {
  const text = await page.textContent("#status");
  const found = text.match(/ at (\d+), (\d+) · gems (\d+) · players (\d+)/);
  return found && { x: +found[1], y: +found[2], players: +found[4] };
}

async function until(page, condition, what) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const at = await position(page);
    if (at && condition(at)) {
      return at;
    }
    assert.ok(Date.now() < deadline, `${what}; the page says: ${await page.textContent("#status")}`);
    await page.waitForTimeout(20);
  }
}

async function walk(page, key, condition) {
  await page.keyboard.down(key);
  const at = await until(page, condition, `walking with ${key}`);
  await page.keyboard.up(key);
  return at;
}

for (const kind of ["ws", "wss"]) {
  test(`the arena is played with the keyboard over ${kind}, next to native players`, TIME_LIMIT, async t => {
    const server = running(t, arenaServer(...tlsOptions(kind)));
    const [, tcpPort] = await server.line(/^listening: tcp port (\d+)$/);
    const [, port] = await server.line(new RegExp(`^listening: ${kind} port (\\d+)$`));
    const names = ["ada", "bob", "eve"];
    names.forEach(name => running(t, arenaBot("127.0.0.1", tcpPort, name)));
    for (const name of names) {
      await server.line(new RegExp(`^\\+ ${name} joined`));
    }

    const query = new URLSearchParams({ server: `${kind}://127.0.0.1:${port}`, name: "browser" });
    // Over ws as a file, as the demo says to open it; over wss from a web server.
    const at = kind === "ws" ? pathToFileURL(path.join(root, "c_examples/arena.html")).href : `${home.origin}/arena.html`;
    const page = await open(t, `${at}?${query}`);
    await server.line(/^\+ browser joined/);
    const start = await until(page, ({ players }) => players === 4, "four players in sight");

    await walk(page, "ArrowLeft", ({ x }) => x === 0);
    const across = await walk(page, "KeyD", ({ x }) => x > 200);
    assert.ok(Math.abs(across.y - start.y) <= 1, `sideways only: ${start.y} became ${across.y}`);
    await walk(page, "ArrowUp", ({ y }) => y === 0);
    const down = await walk(page, "KeyS", ({ y }) => y > 100);
    assert.ok(down.x > 0 && down.x < 960);
    if (screenshot && kind === "ws") {
      await page.setViewportSize({ width: 720, height: 480 });
      await page.locator("canvas").screenshot({ path: screenshot });
    }

    await page.reload();
    await server.line(/^- browser left: /);
    await server.line(/^\+ browser joined/);
    await until(page, ({ players }) => players === 4, "four players in sight again");
    await page.close();
    await server.line(/^- browser left: /);
  });
}
