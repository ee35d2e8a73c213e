// The clients from npm in Node.

import assert from "node:assert/strict";
import { test } from "node:test";

import { startGateway } from "./gateway.mjs";
import { runAll } from "./js/all.mjs";

test("clients from npm in Node", async (t) => {
  const gateway = await startGateway();
  t.after(() => gateway.stop());
  await runAll(gateway, (name, why) => t.test(name, () => assert.ok(!why, why)));
});
