// Goes before the script of a divided module: brings its later part, see docs/decisions/site.md.
// `wasm` is what wasm-bindgen calls the exports of the first part.

const laterPart = new URL("LATER", import.meta.url);
let laterImports;

function withLater(imports) {
  laterImports = imports;
  imports.later = { load: () => join(new WebAssembly.Module(bytesAtOnce(laterPart))) };
  return imports;
}

function isThere() {
  return wasm["global later.ready"].value;
}

function join(part) {
  if (!isThere()) new WebAssembly.Instance(part, { ...laterImports, first: wasm });
}

// What is called cannot wait: this holds up everything until it is there.
function bytesAtOnce(url) {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  // A page may not ask for bytes in this way, so each comes as a letter.
  request.overrideMimeType("text/plain; charset=x-user-defined");
  request.send();
  if (request.status !== 200) throw new Error(`${url} could not be loaded (${request.status})`);
  return Uint8Array.from(request.responseText, (it) => it.charCodeAt(0) & 0xff);
}

// Brings the later part before it is needed, when what is shown first has been shown. Where that
// fails, the first need tries again.
function started() {
  const bring = () => {
    if (isThere()) return;
    WebAssembly.compileStreaming(fetch(laterPart, { priority: "low" })).then(join, () => {});
  };
  setTimeout(bring, 1_500);
}

