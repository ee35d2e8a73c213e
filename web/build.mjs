// Bundles what the browser loads beside the wasm modules: `node web/build.mjs OUT_DIR`.
//
// The editor is bundled here, with every language as a chunk of its own. The preview's page, worker
// and packs are built by `preview.mjs` and `packs.mjs`, the sandbox by `sandbox.mjs`. Nothing is downloaded; `npm ci` came before.

import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";

import { licensesOf } from "./licenses.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);

const outDir = resolve(process.argv[2] ?? join(root, "target/web-assets"));
/// Writes `editor.js`, its chunks under `editor/`, and the licences of what is in them.
async function buildEditor(outDir) {
  await rm(join(outDir, "editor"), { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { editor: join(here, "editor/editor.mjs") },
    outdir: outDir,
    chunkNames: "editor/[name]-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    metafile: true,
    legalComments: "none",
    logLevel: "warning",
    plugins: [styleSheetsByScript],
  });
  await mkdir(join(outDir, "editor"), { recursive: true });
  await writeFile(join(outDir, "editor/LICENSES.txt"), await licensesOf(metafile));
  await report(metafile);
}

/// style-mod writes a `<style>` element, which the page's policy (`style-src 'self'`) refuses, and
/// keeps constructed style sheets for shadow roots. Every browser that Easel runs in has them for
/// documents too.
const styleSheetsByScript = {
  name: "style-sheets-by-script",
  setup(build) {
    build.onLoad({ filter: /style-mod[\\/]src[\\/]style-mod\.js$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const condition = "!root.head && root.adoptedStyleSheets";
      if (!source.includes(condition)) throw new Error(`style-mod has changed: look for \`${condition}\``);
      return { contents: source.replace(condition, "root.adoptedStyleSheets"), loader: "js" };
    });
  },
};

async function buildBeside(file, name, outDir) {
  const path = join(here, file);
  if (!existsSync(path)) return;
  const module = await import(pathToFileURL(path).href);
  await module[name](outDir);
}

/// Prints what a person would download, by file; what the entry needs at once is marked.
async function report(metafile) {
  const outputs = Object.entries(metafile.outputs);
  const entry = outputs.find(([, it]) => it.entryPoint)?.[0];
  const first = new Set();
  const visit = (path) => {
    if (first.has(path)) return;
    first.add(path);
    for (const it of metafile.outputs[path].imports) if (it.kind === "import-statement") visit(it.path);
  };
  visit(entry);
  let sum = 0;
  for (const [path] of outputs.sort()) {
    const bytes = await readFile(join(root, path));
    const small = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
    if (first.has(path)) sum += small;
    const name = relative(outDir, join(root, path));
    console.log(`${first.has(path) ? "at once" : "later  "} ${String((small / 1024).toFixed(1)).padStart(7)} KiB  ${name}`);
  }
  console.log(`at once ${(sum / 1024).toFixed(1)} KiB brotli in all`);
}

await mkdir(outDir, { recursive: true });
await buildEditor(outDir);
await buildBeside("preview.mjs", "buildPreview", outDir);
await buildBeside("packs.mjs", "buildPacks", outDir);
await buildBeside("sandbox.mjs", "buildSandbox", outDir);
