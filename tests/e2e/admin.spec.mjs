// Looking after an installation in the browser: the administration's main path, without a mouse where
// it matters, in both themes and on a phone.
//
// The page asks the API; what the API refuses is tested in proxy/tests/it/admin.

import { writeFile } from "node:fs/promises";

import { expect, test } from "@playwright/test";

import { Proxy } from "./proxy.mjs";

let proxy;
test.beforeAll(async () => {
  proxy = await Proxy.start();
});
test.afterAll(() => proxy?.done());

async function signIn(page) {
  const faults = [];
  page.on("pageerror", (err) => faults.push(String(err)));
  page.on("console", (said) => {
    // A wrong token and a wrong file are refused on purpose.
    if (said.type() === "error" && !/401|400/.test(said.text())) faults.push(said.text());
  });
  await page.goto(`${proxy.origin}/admin`);
  const token = page.getByRole("textbox", { name: "Token" });
  await token.fill("wrong");
  await token.press("Enter");
  await expect(page.getByRole("alert").filter({ hasText: "no token of this installation" })).toBeVisible();
  await page.getByRole("textbox", { name: "Token" }).fill(await proxy.token());
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  return faults;
}

test("OBS-1 OBS-2 BIL-3 SEC-2: a key is made, capped and revoked, and the log of it is whole", async ({ page, request }) => {
  const faults = await signIn(page);

  await test.step("a key is made and shown once", async () => {
    await page.getByRole("link", { name: "Keys" }).press("Enter");
    await page.getByRole("textbox", { name: "Name" }).fill("notebook");
    await page.getByRole("textbox", { name: "Budget a month" }).fill("12.50");
    await page.keyboard.press("Enter");
    const key = page.locator(".secret");
    await expect(key).toBeFocused();
    const secret = await key.textContent();
    expect(secret).toMatch(/^easel-[0-9a-f]{64}$/);
    const answer = await fetch(`http://127.0.0.1:${proxy.port}/v1/models`, {
      headers: { authorization: `Bearer ${secret}` },
    });
    expect(answer.status).toBe(200);
    await page.reload();
    await expect(page.getByRole("rowheader", { name: "notebook" })).toBeVisible();
    expect(await page.content()).not.toContain(secret);
    await expect(page.getByText("$0 of $12.50 a month")).toBeVisible();
  });

  await test.step("its caps are changed, and leaving them changes nothing", async () => {
    await page.getByRole("button", { name: "Caps of notebook" }).press("Enter");
    const dialog = page.getByRole("dialog", { name: "Caps of “notebook”" });
    await dialog.getByRole("textbox", { name: "A day, dollars" }).fill("1");
    await page.keyboard.press("Escape");
    await expect(dialog).toHaveCount(0);
    await page.getByRole("button", { name: "Caps of notebook" }).press("Enter");
    await dialog.getByRole("textbox", { name: "Requests a minute" }).fill("30");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("status").filter({ hasText: "were saved" })).toBeVisible();
  });

  await test.step("it is revoked, after a question", async () => {
    await page.getByRole("button", { name: "Revoke notebook" }).press("Enter");
    await page.getByRole("button", { name: "Keep it" }).press("Enter");
    await page.getByRole("button", { name: "Revoke notebook" }).press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).press("Enter");
    await expect(page.getByRole("cell", { name: "revoked" })).toBeVisible();
  });

  await test.step("the log has it all", async () => {
    await page.getByRole("link", { name: "Audit" }).press("Enter");
    await page.getByRole("button", { name: "Verify" }).press("Enter");
    await expect(page.getByText("entries are as they were written")).toBeVisible();
    for (const what of ["key.make", "caps.set", "key.revoke"]) {
      await expect(page.getByRole("rowheader", { name: what }).first()).toBeVisible();
    }
  });

  await test.step("what was asked for is summed by operation and by session", async () => {
    const headers = {
      authorization: `Bearer ${await proxy.token()}`,
      "x-easel-operation": "plan_fix",
      "x-easel-session": "one",
    };
    // Node does not know the name that browsers know.
    const address = `http://127.0.0.1:${new URL(proxy.origin).port}/v1/chat/completions`;
    const data = { model: "script/demo", messages: [{ role: "user", content: "hello" }] };
    for (let n = 0; n < 2; n += 1) {
      const answer = await request.post(address, { headers, data });
      expect(answer.status()).toBe(200);
    }
    const figures = page.getByRole("region", { name: "An average session" });
    await expect(async () => {
      await page.getByRole("link", { name: "Requests" }).press("Enter");
      await page.getByRole("link", { name: "Overview" }).press("Enter");
      await expect(figures.getByRole("cell", { name: "2.0" })).toBeVisible({ timeout: 1_000 });
    }).toPass();
    await expect(page.getByRole("rowheader", { name: "plan_fix" })).toBeVisible();
  });

  await test.step("a provider is tried, and the usage leaves as a table", async () => {
    await page.getByRole("link", { name: "Providers" }).press("Enter");
    await page.getByRole("button", { name: "Test script" }).press("Enter");
    await expect(page.getByRole("cell", { name: "works" })).toBeVisible();
    const file = `${proxy.data}/easel.toml`;
    await writeFile(file, "[limits]\nretries = 99\n");
    await page.getByRole("button", { name: "Read easel.toml anew" }).press("Enter");
    await expect(page.getByText("not changed")).toBeVisible();
    await expect(page.getByText("line 2: `99` is out of bounds")).toBeVisible();
    await writeFile(file, "[limits]\nretries = 1\n");
    await page.getByRole("button", { name: "Read easel.toml anew" }).press("Enter");
    await expect(page.getByText("holds from the next request on")).toBeVisible();
    const report = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download diagnostics" }).press("Enter");
    expect((await report).suggestedFilename()).toBe("easel-proxy-diagnostics.json");
    await page.getByRole("link", { name: "Overview" }).press("Enter");
    const coming = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download CSV" }).press("Enter");
    expect((await coming).suggestedFilename()).toBe("easel-usage.csv");
  });

  await page.getByRole("button", { name: "Sign out" }).press("Enter");
  await expect(page.getByRole("heading", { name: "Sign in", level: 1 })).toBeVisible();
  expect(faults).toEqual([]);
});

for (const colorScheme of ["light", "dark"]) {
  test(`OBS-1: nothing runs out of a phone's screen (${colorScheme})`, async ({ browser }) => {
    const context = await browser.newContext({ colorScheme, viewport: { width: 360, height: 740 } });
    const page = await context.newPage();
    const faults = await signIn(page);
    for (const title of ["Overview", "Keys", "Requests", "Providers", "Audit"]) {
      await page.getByRole("link", { name: title, exact: true }).click();
      await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
      await expect(page.locator("main")).not.toHaveAttribute("aria-busy");
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      expect(over, title).toBeLessThanOrEqual(0);
    }
    expect(faults).toEqual([]);
    await context.close();
  });
}
