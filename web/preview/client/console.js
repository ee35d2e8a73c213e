// Tells what the page writes to its console; the browser's own console still gets it too.
//
// It does not keep anything. How values are written is in `written.js`.

import { LEVELS, text } from "../../written.js";

export function watchConsole(send) {
  for (const [method, level] of Object.entries(LEVELS)) {
    const native = console[method];
    console[method] = (...args) => {
      native.apply(console, args);
      send({ type: "console", level, text: text(args) });
    };
  }
  const native = console.assert;
  console.assert = (condition, ...args) => {
    native.call(console, condition, ...args);
    if (!condition) send({ type: "console", level: "error", text: `Assertion failed: ${text(args)}` });
  };
}
