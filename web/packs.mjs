// Builds the packs: npm packages as ES modules, so that previews import them with the network off.
//
// `buildPacks(outDir)` writes `packs/<name>@<version>/…` and `packs/packs.json`, which says where
// each specifier leads and what each module imports. Modules inside a pack import each other by
// relative paths, so they run wherever the folder is served. React is the development build: its
// errors are sentences, and a preview is for developing.

import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

/// Which specifiers each pack offers; the first names its folder. What is built together shares its
/// state: hooks and contexts break when a page holds two Reacts.
const PACKS = [
  [
    "preact",
    "preact/hooks",
    "preact/jsx-runtime",
    "preact/jsx-dev-runtime",
    "preact/compat",
    "preact/compat/client",
  ],
  [
    "react",
    "react/jsx-runtime",
    "react/jsx-dev-runtime",
    "react-dom",
    "react-dom/client",
  ],
];

export async function buildPacks(outDir) {
  const packsDir = join(outDir, "packs");
  await rm(packsDir, { recursive: true, force: true });
  const imports = {};
  const modules = {};
  for (const specifiers of PACKS) {
    const version = (await manifest(specifiers[0])).version;
    const folder = `${specifiers[0]}@${version}`;
    const metafile = await buildPack(specifiers, join(packsDir, folder));
    await describe(metafile, folder, imports, modules);
    await copyLicences(specifiers, join(packsDir, folder));
  }
  const packs = JSON.stringify({ imports, modules }, null, 1);
  await writeFile(join(packsDir, "packs.json"), `${packs}\n`);
}

async function buildPack(specifiers, outdir) {
  const { metafile } = await build({
    entryPoints: Object.fromEntries(specifiers.map((name) => [entryName(name), `pack:${name}`])),
    outdir,
    absWorkingDir: here,
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2022",
    minify: true,
    legalComments: "none",
    chunkNames: "shared-[hash]",
    define: { "process.env.NODE_ENV": '"development"' },
    metafile: true,
    logLevel: "warning",
    plugins: [entries],
  });
  return metafile;
}

/// A CommonJS package has no named exports that a browser could see, so each entry of one is a
/// module that names what the package has.
const entries = {
  name: "pack-entries",
  setup(build) {
    build.onResolve({ filter: /^pack:/ }, ({ path }) => ({ path: path.slice(5), namespace: "pack" }));
    build.onLoad({ filter: /.*/, namespace: "pack" }, ({ path }) => ({
      contents: entryText(path),
      resolveDir: here,
      loader: "js",
    }));
  },
};

function entryText(name) {
  const from = JSON.stringify(name);
  if (name.startsWith("preact")) {
    const hasDefault = name.startsWith("preact/compat");
    return `export * from ${from};${hasDefault ? `export { default } from ${from};` : ""}`;
  }
  const names = Object.keys(require(name)).filter((key) => /^[\w$]+$/.test(key) && key !== "default");
  return `import all from ${from};export const { ${names.join(", ")} } = all;export default all;`;
}

async function describe(metafile, folder, imports, modules) {
  const at = (output) => `/__packs/${folder}/${basename(output)}`;
  for (const [output, { imports: inner, entryPoint }] of Object.entries(metafile.outputs)) {
    if (entryPoint) imports[entryPoint.slice("pack:".length)] = at(output);
    modules[at(output)] = inner.map(({ path }) => at(path)).sort();
  }
}

async function copyLicences(specifiers, outdir) {
  const packages = new Set(specifiers.map((name) => name.split("/")[0]));
  // React and React DOM bring the scheduler with them.
  if (packages.has("react-dom")) packages.add("scheduler");
  await mkdir(outdir, { recursive: true });
  for (const name of packages) {
    const folder = dirname(require.resolve(`${name}/package.json`));
    await copyFile(join(folder, "LICENSE"), join(outdir, `LICENSE-${name}.txt`));
  }
}

async function manifest(name) {
  return JSON.parse(await readFile(require.resolve(`${name}/package.json`), "utf8"));
}

function entryName(specifier) {
  return specifier.replaceAll("/", "-");
}
