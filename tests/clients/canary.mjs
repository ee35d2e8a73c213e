// CompatCanary's probes against a scripted model, in both of its profiles, with the optional ones.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";

import { ROOT, startGateway } from "./gateway.mjs";

const SCANNER = join(ROOT, "node_modules/compatcanary/src/cli.js");

test("compatcanary", async (t) => {
  const gateway = await startGateway({ scripts: join(import.meta.dirname, "scripts") });
  t.after(() => gateway.stop());
  for (const profile of ["modern", "chat"]) {
    const { code, report } = await scan(gateway, profile);
    assert.ok(report.results.length >= 5, JSON.stringify(report));
    for (const { id, status, summary } of report.results) {
      await t.test(`${profile}: ${id}`, () => assert.equal(status, "pass", summary));
    }
    await t.test(`${profile}: the scan as a whole`, () => assert.equal(code, 0));
  }
});

async function scan(gateway, profile) {
  const flags = ["scan", "--base-url", `${gateway.url}/v1`, "--model", "script/canary", "--profile", profile];
  flags.push("--format", "json", "--fail-on", "any");
  const env = { PATH: process.env.PATH, OPENAI_API_KEY: gateway.key };
  const scanner = spawn(process.execPath, [SCANNER, ...flags], { env, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  scanner.stdout.on("data", (it) => (text += it));
  const [code] = await once(scanner, "close");
  return { code, report: JSON.parse(text) };
}
