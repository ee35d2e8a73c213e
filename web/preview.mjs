// Builds what a preview host serves: `buildPreview(outDir)` writes `preview/…` into the site.
//
// The service worker is stamped with a hash of all of it, so that browsers take a new one exactly
// when something has changed. The project's own files are not here; they come from the core.

import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = join(dirname(fileURLToPath(import.meta.url)), "preview");
const AS_THEY_ARE = ["relay.html", "relay.js", "register.js", "boot.js"];
/// On the app's own host: what a sandboxed frame loads where there is no preview host.
const FOR_THE_APP = ["document.html", "document.js"];

export async function buildPreview(outDir) {
  const preview = join(outDir, "preview");
  const ours = join(preview, "__easel");
  await rm(preview, { recursive: true, force: true });
  await mkdir(ours, { recursive: true });
  const client = await bundledClient();
  await writeFile(join(ours, "client.js"), client);
  const texts = [client];
  for (const name of AS_THEY_ARE) {
    await copyFile(join(here, name), join(ours, name));
    texts.push(await readFile(join(here, name)));
  }
  await copyFile(join(here, "boot.html"), join(preview, "boot.html"));
  for (const name of FOR_THE_APP) await copyFile(join(here, name), join(preview, name));
  const worker = await readFile(join(here, "sw.js"), "utf8");
  texts.push(worker);
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text);
  const name = `easel-${hash.digest("hex").slice(0, 16)}`;
  await writeFile(join(preview, "__easel_sw.js"), worker.replace("__BUILD__", name));
}

async function bundledClient() {
  const { outputFiles } = await build({
    entryPoints: [join(here, "client/client.js")],
    bundle: true,
    format: "iife",
    target: "es2022",
    minify: true,
    // The core puts it into pages on one line, so that no line of theirs moves; a line break inside
    // a template literal would be lost there.
    supported: { "template-literal": false },
    write: false,
    logLevel: "warning",
  });
  const { text } = outputFiles[0];
  if (text.trim().includes("\n")) throw new Error("the preview's client does not fit on one line");
  return text;
}
