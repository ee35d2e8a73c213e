// Writes FILE.br beside every file of a folder that gains by it; the proxy serves these to browsers that take them.
// Does not delete: the folder is new for each build. Usage: compress.mjs QUALITY CACHE FOLDER

import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants } from "node:zlib";

const [quality, cache, folder] = process.argv.slice(2);
const compress = promisify(brotliCompress);
const gains = /\.(?:css|html|js|json|map|mjs|svg|txt|wasm|webmanifest|xml)$/;
const smallest = 512;

await mkdir(cache, { recursive: true });
const names = await readdir(folder, { recursive: true });
// zlib works in a pool of threads: all files at once keep every core busy.
await Promise.all(names.filter((name) => gains.test(name)).map(one));

async function one(name, n) {
  const path = join(folder, name);
  const bytes = await readFile(path);
  if (bytes.length < smallest) return;
  const kept = join(cache, `${createHash("sha256").update(bytes).digest("hex")}-${quality}.br`);
  if (!existsSync(kept)) {
    const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT, BROTLI_PARAM_LGWIN } = constants;
    const params = {
      [BROTLI_PARAM_QUALITY]: Number(quality),
      [BROTLI_PARAM_SIZE_HINT]: bytes.length,
      [BROTLI_PARAM_LGWIN]: 24,
    };
    const packed = await compress(bytes, { params });
    // Of two files with the same content, both may be here at once.
    const part = `${kept}.${process.pid}-${n}.part`;
    await writeFile(part, packed);
    await rename(part, kept);
  }
  await copyFile(kept, `${path}.br`);
}
