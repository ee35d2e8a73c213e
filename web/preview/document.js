// Becomes the self-contained document that its parent sends; for `<iframe sandbox="allow-scripts">`.
//
// It exists because a frame from `srcdoc` inherits the app's content policy, which would refuse the
// project's scripts, while a page of its own does not. It runs in an opaque origin and can reach
// nothing of the app's. It must not be opened without that sandbox, so it refuses.

addEventListener("message", function become({ data, source }) {
  if (source !== parent || data?.type !== "easel-document") return;
  removeEventListener("message", become);
  if (origin !== "null") return;
  document.open();
  document.write(data.html);
  document.close();
});
parent.postMessage({ type: "easel-document-ready" }, "*");
