// What a tab of the app holds in memory, as the browser's own tools count it.
//
// Two views of the same: what page and workers use of their heaps, with the memory of their wasm
// modules; and what the operating system says of the process. The preview's frames have a process
// of their own, which is not counted.

import { readFile } from "node:fs/promises";

// Attaches to the page and to every worker that it starts from now on.
export async function watchMemory(browser, page) {
  const root = await browser.newBrowserCDPSession();
  const session = await page.context().newCDPSession(page);
  const targets = new Map();
  return { root, session, targets, browser, page };
}
