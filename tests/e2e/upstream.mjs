// The recorded provider: it answers in every dialect from recordings, and tells what it was asked.

import { spawn } from "node:child_process";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { freePort } from "./proxy.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PROGRAM = resolve(ROOT, process.env.EASEL_UPSTREAM || "target/debug/examples/recorded-upstream");

export class Upstream {
  static async start() {
    const upstream = new Upstream();
    upstream.port = await freePort();
    upstream.child = spawn(PROGRAM, ["--port", String(upstream.port)], { stdio: "inherit" });
    let failed;
    upstream.child.once("error", (err) => (failed = err));
    for (let i = 0; i < 200; i++) {
      if (failed) throw failed;
      if (upstream.child.exitCode !== null) throw new Error("the recorded provider ended");
      if (await upstream.open().then(() => true, () => false)) return upstream;
      await sleep(50);
    }
    throw new Error("the recorded provider does not answer");
  }

  // What it was asked.
  async requests() {
    return (await fetch(`http://127.0.0.1:${this.port}/requests`)).json();
  }

  // How many requests are under way.
  async open() {
    return (await fetch(`http://127.0.0.1:${this.port}/open`)).json();
  }

  stop() {
    this.child.kill();
  }
}
