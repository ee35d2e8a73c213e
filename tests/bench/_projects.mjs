// The projects that the preview's bench works on, and the reply that it streams.
//
// Texts only; how they get into the app is the bench's business.

const N_LINES = 10_000;
// Which lines the reply replaces.
const FROM = 21;
const N_REPLACED = 120;

// `n` modules in a chain: each imports the next, the last has the text that is shown. About 1.5 KiB
// each, TSX and TypeScript in turn, as one finds in a small app.
export function modules(n) {
  const name = (at) => (at === n ? "leaf" : `part${at}`);
  const file = (at) => `${name(at)}.${at % 2 ? "ts" : "tsx"}`;
  const files = {
    "index.html": `<!doctype html>
<html lang="en">
  <head><meta charset="utf-8" /><title>Modules</title><link rel="stylesheet" href="style.css" /></head>
  <body><output id="shown"></output><script type="module" src="${n === 1 ? file(1) : "main.tsx"}"></script></body>
</html>
`,
    "style.css": "body { font: 2rem sans-serif }\n",
    "package.json": `{ "name": "modules", "dependencies": { "preact": "*" } }\n`,
  };
  if (n > 1) files["main.tsx"] = `import { chain1 } from "./part1";\n${SHOW}\nshow(chain1());\n`;
  for (let at = 1; at < n; at++) files[file(at)] = part(at, name(at + 1), at % 2 === 0);
  const line = (text) => `const text: string = "${text}";`;
  const tail = n === 1 ? `${SHOW}\nshow(text);\n` : `export const chain${n} = (): string => text;\n`;
  files[file(n)] = `${line(0)}\n${tail}`;
  return { files, leaf: file(n), line };
}

// Shows a text, and notes when the frame with it was painted.
const SHOW = `function show(text: string): void {
  const shown = document.getElementById("shown")!;
  shown.textContent = text;
  requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => (shown.dataset.painted = String(performance.timeOrigin + performance.now()));
    port2.postMessage(null);
  });
}`;

function part(at, next, isTsx) {
  const lines = [`import { chain${at + 1} } from "./${next}";`];
  lines.push(`export interface Options${at} { readonly label: string; depth?: number; tags: string[] }`);
  for (let i = 0; i < 8; i++) {
    lines.push(
      `export function step${i}<T extends Options${at}>(options: T, n: number = ${i}): string {`,
      `  const { label, depth = ${at}, tags } = options;`,
      `  return tags.map((tag, index) => \`\${label}-\${tag}-\${index + depth * n}\`).join(",");`,
      `}`,
    );
  }
  if (isTsx) {
    lines.push(
      `export function View${at}({ label }: { label: string }) {`,
      `  return <section class="part"><h2>{label}</h2><p>{chain${at + 1}()}</p></section>;`,
      `}`,
    );
  }
  lines.push(`export const chain${at} = (): string => chain${at + 1}();`);
  return `${lines.join("\n")}\n`;
}

// A page, and a file of ten thousand lines that it does not load.
export function longFile() {
  const lines = Array.from({ length: N_LINES }, (_, at) => before(at + 1));
  return {
    "index.html": "<!doctype html>\n<title>Long</title>\n<h1>A long file</h1>\n",
    [target()]: `${lines.join("\n")}\n`,
  };
}

export function target() {
  return "long.js";
}

const before = (n) => `export const value${n} = compute("line ${n} of many", ${n} * 2); // as it was`;
const after = (n) => `export const value${n} = improve("rewritten ${n} of many", ${n} * 3); // as it shall be`;

// About 35 seconds at 200 tokens per second.
export function script(pace) {
  const at = Array.from({ length: N_REPLACED }, (_, n) => FROM + n);
  const prose = Array.from({ length: 8 }, (_, n) => `${n + 1}. **Step ${n + 1}** of the \`plan\`: ${"words that say what happens and why, ".repeat(5)}`);
  const block = ["```js long.js", ...at.slice(0, 60).map(after), "```"];
  return `title Bench

when rewrite
pace ${pace}
think ${"What is there, and what should become of it? ".repeat(20)}
text <<END
${["## What I will do", "", ...prose, "", ...block].join("\n")}
END
tool edit ${JSON.stringify({ path: target(), search: at.map(before).join("\n"), replace: at.map((n) => (n === FROM ? after(1) : after(n))).join("\n") })}
after 1
pace ${pace}
text Done: ${N_REPLACED} lines are rewritten.
`;
}
