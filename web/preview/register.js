// Registers the preview's service worker; shared by the relay frame and the boot page.
//
// It does not talk to the core.

const ACTIVE_WITHIN_MS = 10_000;

/// Resolves once a service worker is active on this origin, or rejects with a sentence.
export async function register() {
  if (!navigator.serviceWorker) throw new Error("this browser has no service worker here");
  const registration = await navigator.serviceWorker.register("/__easel_sw.js", {
    scope: "/",
    updateViaCache: "none",
  });
  await within(ACTIVE_WITHIN_MS, active(registration));
  return registration;
}

async function active(registration) {
  const worker = registration.active ?? registration.waiting ?? registration.installing;
  if (worker.state === "activated") return;
  await new Promise((done, fail) => {
    worker.addEventListener("statechange", () => {
      if (worker.state === "activated") done();
      if (worker.state === "redundant") fail(new Error("the service worker was refused"));
    });
  });
}

function within(ms, promise) {
  const late = new Error("the service worker did not start in time");
  return Promise.race([promise, new Promise((_, fail) => setTimeout(fail, ms, late))]);
}
