// How the journeys run: one after another, in the system's Chromium, against the real proxy.
//
// No journey is tried twice: one that passes only sometimes is a bug.

import { defineConfig } from "@playwright/test";

import { CHROMIUM, FLAGS } from "./browser.mjs";

export default defineConfig({
  testDir: ".",
  outputDir: "../../target/e2e",
  workers: 1,
  retries: 0,
  timeout: 180_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  forbidOnly: Boolean(process.env.CI),
  use: {
    browserName: "chromium",
    headless: true,
    viewport: { width: 1280, height: 800 },
    launchOptions: { executablePath: CHROMIUM, args: FLAGS },
    trace: process.env.EASEL_TRACE ? "retain-on-failure" : "off",
    screenshot: "only-on-failure",
    actionTimeout: 15_000,
  },
});
