// Builds the sandbox for a model's scripts: `buildSandbox(outDir)` writes `sandbox/…` into the site.

import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

import { licensesOf } from "./licenses.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const here = join(root, "web/sandbox");
const require = createRequire(import.meta.url);

export async function buildSandbox(outDir) {
  const sandbox = join(outDir, "sandbox");
  await rm(sandbox, { recursive: true, force: true });
  await mkdir(sandbox, { recursive: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(here, "sandbox.mjs")],
    outdir: sandbox,
    bundle: true,
    format: "esm",
    target: "es2022",
    conditions: ["browser"],
    minify: true,
    metafile: true,
    legalComments: "none",
    logLevel: "warning",
    plugins: [preludeAsText],
  });
  await writeFile(join(sandbox, "LICENSES.txt"), await licensesOf(metafile));
  await copyFile(require.resolve("@jitl/quickjs-ng-wasmfile-release-sync/wasm"), join(sandbox, "quickjs.wasm"));
}

// The prelude runs inside the sandbox, so its bundle travels as a text.
const preludeAsText = {
  name: "prelude-as-text",
  setup(build) {
    build.onResolve({ filter: /^easel:prelude$/ }, ({ path }) => ({ path, namespace: "prelude" }));
    build.onLoad({ filter: /.*/, namespace: "prelude" }, async () => ({ contents: await prelude(), loader: "text" }));
  },
};

export async function prelude() {
  const { outputFiles } = await build({
    entryPoints: [join(here, "prelude.mjs")],
    bundle: true,
    format: "iife",
    target: "es2022",
    minify: true,
    write: false,
    logLevel: "warning",
  });
  return outputFiles[0].text;
}
