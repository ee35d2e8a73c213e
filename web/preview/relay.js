// Keeps the preview's service worker supplied with a port to the core.
//
// Browsers stop service workers when they please, and a stopped one has lost its port. This frame
// lives as long as the app's page and opens a new one whenever it is asked. It carries no files:
// the worker and the core talk directly. Previewed code shares this origin and could reach this
// frame; it would find nothing that its own requests do not give it.

import { register } from "./register.js";

const appOrigin = `${location.protocol}//${location.host.replace(/^pv-[a-z0-9]+\.preview\./, "")}`;

let core = null;
let worker = null;

addEventListener("message", ({ origin, source, data, ports }) => {
  if (origin !== appOrigin || source !== parent || data?.type !== "easel-core") return;
  core?.close();
  core = ports[0];
  supply(worker?.active);
});

navigator.serviceWorker?.addEventListener("message", ({ data, source }) => {
  if (data?.type === "supply") supply(source);
});
navigator.serviceWorker?.startMessages();

/// Gives the core and a service worker the two ends of a channel.
function supply(target) {
  if (!core || !target) return;
  const { port1, port2 } = new MessageChannel();
  core.postMessage({ type: "connect" }, [port1]);
  target.postMessage({ type: "port" }, [port2]);
}

try {
  worker = await register();
  supply(worker.active);
  parent.postMessage({ type: "easel-relay", state: "ready" }, appOrigin);
} catch (error) {
  parent.postMessage({ type: "easel-relay", state: "refused", reason: error.message }, appOrigin);
}
