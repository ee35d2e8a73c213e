// A development server to compare with: esbuild bundles the project again when a file is written,
// and the page loads anew.
//
// As little as such a server can do: no file watcher's delay, no hot replacement. Like the app it
// does not check types.

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { context as bundler } from "esbuild";

const PACKAGES = fileURLToPath(new URL("../../node_modules", import.meta.url));
const SETTLE_MS = 500;
const RELOAD = `<script>new EventSource("/changed").onmessage = () => location.reload()</script>`;

// Returns how many milliseconds it took from writing the file to the painted frame, `n_runs` times.
export async function measureEsbuild({ files, leaf, line }, context, n_runs) {
  const folder = await mkdtemp(join(tmpdir(), "easel-esbuild-"));
  const write = async (path, text) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  for (const [path, text] of Object.entries(files)) await write(path, text);
  const entry = /src="([^"]+)"/.exec(files["index.html"])[1];
  const bundle = await bundler({
    entryPoints: [join(folder, entry)],
    nodePaths: [PACKAGES],
    bundle: true,
    write: false,
    format: "esm",
    sourcemap: "inline",
    jsx: "automatic",
    jsxImportSource: "preact",
    define: { "process.env.NODE_ENV": '"development"' },
  });
  const build = async () => (await bundle.rebuild()).outputFiles[0].contents;
  let built = await build();

  const listeners = new Set();
  const server = createServer((request, response) => {
    const send = (type, body) => response.writeHead(200, { "content-type": type }).end(body);
    if (request.url === "/") return send("text/html", `${RELOAD}${files["index.html"]}`);
    if (request.url === `/${entry}`) return send("text/javascript", built);
    if (request.url === "/style.css") return send("text/css", files["style.css"]);
    if (request.url !== "/changed") return response.writeHead(404).end();
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    listeners.add(response);
    return request.on("close", () => listeners.delete(response));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  const shown = page.locator("#shown[data-painted]");
  const times = [];
  for (let run = 1; run <= n_runs + 2; run++) {
    await shown.waitFor();
    await sleep(SETTLE_MS);
    const began = performance.timeOrigin + performance.now();
    await write(leaf, files[leaf].replace(line(0), line(run)));
    built = await build();
    for (const it of listeners) it.write("data: changed\n\n");
    // Nobody looks before it is over.
    await sleep(SETTLE_MS);
    await page.locator("#shown[data-painted]", { hasText: new RegExp(`^${run}$`) }).waitFor();
    times.push(Number(await shown.getAttribute("data-painted")) - began);
  }
  await page.close();
  await bundle.dispose();
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
  // As for the app, the first two do not count.
  return times.slice(2);
}
