// An exported zip, unpacked, and the real git asked about it.
//
// Reads stored and deflated entries, which is what exports hold; refuses everything else.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { inflateRawSync } from "node:zlib";

// Unpacks into a new folder; `done` throws it away.
export function unpack(zip) {
  const folder = mkdtempSync(join(tmpdir(), "easel-export-"));
  for (const { name, bytes } of entries(readFileSync(zip))) {
    const path = normalize(join(folder, name));
    if (!path.startsWith(folder)) throw new Error(`${name} leads out of the folder`);
    if (name.endsWith("/")) {
      mkdirSync(path, { recursive: true });
      continue;
    }
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  }
  const git = (...args) =>
    execFileSync("git", ["-c", "safe.directory=*", ...args], { cwd: folder, encoding: "utf8" });
  const read = (path) => readFileSync(join(folder, path), "utf8");
  return { folder, git, read, done: () => rmSync(folder, { recursive: true, force: true }) };
}

function* entries(zip) {
  const end = zip.lastIndexOf(Buffer.from([0x50, 0x4b, 5, 6]));
  if (end < 0) throw new Error("not a zip");
  let at = zip.readUInt32LE(end + 16);
  for (let n = zip.readUInt16LE(end + 10); n > 0; n--) {
    const method = zip.readUInt16LE(at + 10);
    const packed = zip.readUInt32LE(at + 20);
    const [nameLen, extraLen, noteLen] = [28, 30, 32].map((it) => zip.readUInt16LE(at + it));
    const local = zip.readUInt32LE(at + 42);
    const name = zip.toString("utf8", at + 46, at + 46 + nameLen);
    const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
    const body = zip.subarray(start, start + packed);
    if (method !== 0 && method !== 8) throw new Error(`${name}: packed by method ${method}`);
    yield { name, bytes: method === 8 ? inflateRawSync(body) : body };
    at += 46 + nameLen + extraLen + noteLen;
  }
}
