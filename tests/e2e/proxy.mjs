// The real proxy, on a free port, with data of its own and the journeys' scripts.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROXY = resolve(ROOT, process.env.EASEL_PROXY || "target/debug/easel-proxy");
export const SITE = resolve(ROOT, process.env.EASEL_SITE || "target/site");
const SCRIPTS = fileURLToPath(new URL("scripts", import.meta.url));

export class Proxy {
  // `env` adds to the environment, without any key of the person who runs the tests; `scripts` are
  // further scripts by name.
  static async start({ env = {}, scripts = {} } = {}) {
    const proxy = new Proxy();
    proxy.env = env;
    proxy.scripts = await mkdtemp(join(tmpdir(), "easel-scripts-"));
    await cp(SCRIPTS, proxy.scripts, { recursive: true });
    for (const [name, text] of Object.entries(scripts)) {
      await writeFile(join(proxy.scripts, `${name}.script`), text);
    }
    proxy.port = await freePort();
    proxy.data = await mkdtemp(join(tmpdir(), "easel-data-"));
    await proxy.run();
    return proxy;
  }

  get origin() {
    return `http://easel.localhost:${this.port}`;
  }

  // The address that the proxy opens: with the token in its fragment.
  async address() {
    return `${this.origin}/#token=${await this.token()}`;
  }

  async token() {
    return (await readFile(join(this.data, "token"), "utf8")).trim();
  }

  // Starts it, again after `stop`, on the same port and data.
  async run() {
    const flags = ["--port", this.port, "--site", SITE, "--data", this.data];
    flags.push("--scripts", this.scripts, "--no-open");
    const { PATH, HOME, TMPDIR = "" } = process.env;
    const env = { PATH, HOME, TMPDIR, ...this.env };
    this.log = "";
    this.child = spawn(PROXY, flags.map(String), { env, stdio: ["ignore", "pipe", "pipe"] });
    const keep = (chunk) => (this.log += chunk);
    this.child.stdout.on("data", keep);
    this.child.stderr.on("data", keep);
    let failed;
    this.child.once("error", (err) => (failed = err));
    this.ended = new Promise((done) => this.child.once("exit", done));
    for (let i = 0; i < 200; i++) {
      if (failed) throw failed;
      if (this.child.exitCode !== null) throw new Error(`the proxy ended:\n${this.log}`);
      if (await this.answers()) return;
      await sleep(50);
    }
    throw new Error(`the proxy does not answer:\n${this.log}`);
  }

  async answers() {
    const asked = fetch(`http://127.0.0.1:${this.port}/app/health`);
    return asked.then(() => true).catch(() => false);
  }

  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGKILL");
    await this.ended;
  }

  async done() {
    await this.stop();
    await rm(this.data, { recursive: true, force: true });
    await rm(this.scripts, { recursive: true, force: true });
  }
}

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}
