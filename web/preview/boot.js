// Stands where the previewed page will be, until the service worker is there to answer for it.
//
// It knows nothing of projects: once a worker controls this origin, the same address is loaded again.

import { register } from "./register.js";

try {
  await register();
  // The answer to the next navigation comes from the worker. A page that is loaded again and again
  // is worse than one that says what is wrong.
  const before = JSON.parse(sessionStorage.getItem("easel-boot") ?? "[]");
  const recent = before.filter((time) => Date.now() - time < 20_000);
  if (recent.length >= 3) throw new Error("the service worker does not answer for this page");
  sessionStorage.setItem("easel-boot", JSON.stringify([...recent, Date.now()]));
  location.reload();
} catch (error) {
  document.getElementById("state").textContent =
    `The preview cannot start: ${error.message}. Your project is safe. ` +
    "Check that the browser allows service workers for this site, then reload.";
}
