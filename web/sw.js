// The app's service worker: keeps the whole build, so that Easel opens without a network.
//
// It keeps builds, never answers: requests for the proxy (`/app`, `/v1`) go to the network. A new
// build is fetched whole beside the old one and waits until the person takes it. The build fills in
// the two constants; without them, as under `trunk serve`, this worker passes everything through and
// takes itself away, so that nothing stale is ever served there.

const BUILD = /*BUILD*/ "";
const FILES = /*PRECACHE*/ [];

const OURS = "easel-build-";
const CACHE = OURS + BUILD;

addEventListener("install", (event) => {
  if (BUILD === "") {
    skipWaiting();
    return;
  }
  event.waitUntil(keepBuild());
  // A name with a hash means the same file in every build: a browser that can takes it from the
  // caches by itself, and need not wait until this worker has started.
  const hashed = ["boot", "core", "easel"].map((name) => ({ urlPattern: `/${name}-*` }));
  const route = { condition: { or: hashed }, source: "cache" };
  // A browser that refuses the routes asks this worker, as others do.
  event.waitUntil(event.addRoutes?.(route).catch(() => {}));
});

addEventListener("activate", (event) => {
  event.waitUntil(BUILD === "" ? leave() : begin());
});

addEventListener("message", (event) => {
  const type = event.data?.type;
  if (type === "skip-waiting") skipWaiting();
  // Without a network there is nothing to mend it with, and the next page says it again.
  if (type === "mend" && BUILD !== "") event.waitUntil(mend().catch(() => {}));
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (BUILD === "" || request.method !== "GET") return;
  const url = new URL(request.url);
  if (url.origin !== location.origin || isLive(url.pathname)) return;
  const path = request.mode === "navigate" && !FILES.includes(url.pathname) ? "/" : url.pathname;
  event.respondWith(answer(request, path));
});

/// What is made anew for each request.
function isLive(path) {
  return /^\/(app|v1|git)(\/|$)/.test(path) || path === "/sw.js";
}

async function answer(request, path) {
  const kept = await keptIn(CACHE, path);
  if (kept) return kept;
  // A tab of the build before may still ask for its own files.
  for (const name of await buildCaches()) {
    const older = path === "/" ? undefined : await keptIn(name, path);
    if (older) return older;
  }
  return fetch(request);
}

async function keptIn(name, path) {
  const cache = await caches.open(name);
  return cache.match(path, { ignoreSearch: true, ignoreVary: true });
}

/// All files or none: a build that is kept by half would open by half.
async function keepBuild() {
  const before = await buildCaches();
  const cache = await caches.open(CACHE);
  try {
    await Promise.all(FILES.map((path) => keep(cache, path, before)));
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
}

async function keep(cache, path, before) {
  // A name with a hash means the same file in every build.
  if (/-[0-9a-f]{16}(_bg|_later)?\.(js|wasm|css)$/.test(path)) {
    for (const name of before) {
      const same = await keptIn(name, path);
      if (same) return cache.put(path, same);
    }
  }
  const response = await fetch(new Request(path, { cache: "no-cache" }));
  if (!response.ok || response.redirected) throw new Error(`${path}: ${response.status}`);
  // What is kept is kept for every request; a route would take the header at its word.
  const headers = new Headers(response.headers);
  headers.delete("vary");
  await cache.put(path, new Response(response.body, { headers }));
}

/// Keeps anew what browsers have dropped, as they do with what they find damaged. Only of this build: the network may
/// have the next one already.
async function mend() {
  const cache = await caches.open(CACHE);
  const kept = (await cache.keys()).map(({ url }) => new URL(url).pathname);
  const missing = FILES.filter((path) => !kept.includes(path));
  if (missing.length === 0) return;
  const { build } = await (await fetch(new Request("/precache.json", { cache: "no-cache" }))).json();
  if (build === BUILD) await Promise.all(missing.map((path) => keep(cache, path, [])));
}

/// Keeps this build and the one before it, for tabs that still show that one.
async function begin() {
  const builds = await buildCaches();
  const older = builds.filter((name) => name !== CACHE);
  await Promise.all(older.slice(0, -1).map((name) => caches.delete(name)));
  await clients.claim();
}

async function leave() {
  await Promise.all((await buildCaches()).map((name) => caches.delete(name)));
  await registration.unregister();
}

/// The oldest first.
async function buildCaches() {
  return (await caches.keys()).filter((name) => name.startsWith(OURS));
}
