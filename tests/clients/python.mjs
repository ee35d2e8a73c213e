// The clients from PyPI, each in a process of its own, against one gateway each.

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { test } from "node:test";
import assert from "node:assert/strict";

import { ROOT, startGateway } from "./gateway.mjs";

const PYTHON = process.env.EASEL_PYTHON || join(ROOT, "target/tools/python/bin/python");
const FOLDER = join(import.meta.dirname, "py");
const ONLY = process.env.EASEL_CLIENT || "";
const programs = readdirSync(FOLDER).filter((it) => it.endsWith(".py") && it !== "common.py");

test("clients from PyPI", { concurrency: 4 }, async (t) => {
  const wanted = programs.filter((it) => it.includes(ONLY));
  await Promise.all(wanted.map((program) => t.test(program, (t) => client(t, program))));
});

async function client(t, program) {
  const gateway = await startGateway({ scripts: join(import.meta.dirname, "scripts") });
  try {
    const { PATH, LANG = "C.UTF-8" } = process.env;
    const env = { PATH, LANG, HOME: "/nonexistent", PYTHONUTF8: "1", PYTHONDONTWRITEBYTECODE: "1" };
    Object.assign(env, { EASEL_URL: gateway.url, EASEL_KEY: gateway.key, EASEL_UPSTREAM: gateway.upstream });
    const child = spawn(PYTHON, [join(FOLDER, program)], { env, stdio: ["ignore", "pipe", "pipe"] });
    let complaints = "";
    child.stderr.on("data", (it) => (complaints += it));
    const ended = new Promise((done) => child.once("close", done));
    let n = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith("{")) continue;
      const { name, why } = JSON.parse(line);
      n += 1;
      await t.test(name, () => assert.ok(!why, why));
    }
    const code = await ended;
    assert.ok(n > 0 && code !== null && code <= 1, `${program} ended with ${code} after ${n} cases\n${complaints}`);
    assert.ok(!gateway.log().includes(gateway.key), "the log holds a key");
  } finally {
    await gateway.stop();
  }
}
