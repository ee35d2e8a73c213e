// Both sides of a gateway: the provider that it asks, and the clients that ask it, in one process on a
// core of its own. It measures nothing by itself.

import { createInterface } from "node:readline";
import { once } from "node:events";

import { end, freePort, start } from "./_gateways.mjs";

const PATIENCE_MS = 10_000;

// `cores` as taskset names them.
export async function load(cores, program) {
  const port = await freePort();
  const child = start(cores, program, ["around", String(port)], { stdio: ["pipe", "pipe", "pipe"] });
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "exit").then(() => Promise.reject(new Error(`the load ended: ${child.said()}`)));
  ended.catch(() => {}); // It is told to whoever asks next.
  await Promise.race([answering(port), ended]);

  // Asks a gateway as the flags say, and returns what the clients saw.
  async function drive({ port, path, model, headers }, ...flags) {
    const named = Object.entries(headers).flatMap(([name, value]) => ["--header", `${name}: ${value}`]);
    const args = [`http://127.0.0.1:${port}${path}`, "--model", model, ...named, ...flags.map(String)];
    const told = once(lines, "line");
    child.stdin.write(`${JSON.stringify(args)}\n`);
    const seen = JSON.parse((await Promise.race([told, ended]))[0]);
    if (seen.errors) throw new Error(`${path}: ${seen.errors} errors: ${seen.error}`);
    return seen;
  }

  return { port, drive, done: () => end(child) };
}

async function answering(port) {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await (await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "{}" })).text();
    } catch (err) {
      if (performance.now() > until) throw err;
    }
  }
}
