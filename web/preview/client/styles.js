// Swaps changed style sheets without loading the page again.
//
// It knows linked sheets and those that modules imported; a sheet that another one imports makes
// all of them be read again.

/// Takes the paths of changed sheets; resolves when the new ones apply.
export async function swapStyles(paths) {
  const changed = new Set(paths);
  const links = [...document.querySelectorAll('link[rel~="stylesheet"]')].filter(isOurs);
  const imported = [...document.querySelectorAll("style[data-easel]")];
  const names = new Set([
    ...links.map((link) => new URL(link.href).pathname),
    ...imported.map((style) => style.dataset.easel),
  ]);
  const nested = paths.some((path) => !names.has(path));
  const wanted = (path) => nested || changed.has(path);
  await Promise.all([
    ...links.filter((link) => wanted(new URL(link.href).pathname)).map(replace),
    ...imported.filter((style) => wanted(style.dataset.easel)).map(importAgain),
  ]);
}

function isOurs(link) {
  return new URL(link.href).origin === location.origin;
}

function replace(link) {
  const url = new URL(link.href);
  url.searchParams.set("t", Date.now());
  const next = link.cloneNode();
  next.href = url;
  return new Promise((done) => {
    // The old one stays until the new one applies, so that nothing flashes.
    next.onload = next.onerror = () => {
      link.remove();
      done();
    };
    link.after(next);
  });
}

/// The module writes into its own style element when it runs.
async function importAgain(style) {
  await import(`${encodeURI(style.dataset.easel)}?import&t=${Date.now()}`);
}
