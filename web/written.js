// How what a program logs is written for reading, in a page or in a sandbox.
//
// It shortens what is long, and never throws, whatever it is given.

export const LEVELS = { log: "log", info: "log", debug: "log", warn: "warning", error: "error" };
const LIMIT_TEXT = 4_000;
const LIMIT_DEPTH = 3;
const LIMIT_ITEMS = 50;

export function text(args) {
  const all = parts(args).join(" ");
  return all.length > LIMIT_TEXT ? `${all.slice(0, LIMIT_TEXT)}…` : all;
}

function parts(args) {
  const [first] = args;
  try {
    return typeof first === "string" && first.includes("%") ? formatted(args) : args.map(show);
  } catch {
    return ["[something that cannot be shown]"];
  }
}

/// `%s`, `%d`, `%o` and `%c`, as consoles have them.
function formatted([format, ...args]) {
  const head = format.replace(/%([sdifoOc%])/g, (whole, kind) => {
    if (kind === "%") return "%";
    if (args.length === 0) return whole;
    const value = args.shift();
    if (kind === "c") return "";
    return kind === "d" || kind === "i" ? String(Math.trunc(Number(value))) : show(value);
  });
  return [head, ...args.map(show)];
}

function show(value) {
  try {
    return typeof value === "string" ? value : written(value, LIMIT_DEPTH, new Set());
  } catch {
    return "[something that cannot be shown]";
  }
}

function written(value, depth, seen) {
  if (typeof value === "string") return JSON.stringify(value.slice(0, LIMIT_TEXT));
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `ƒ ${value.name || "anonymous"}`;
  if (typeof value !== "object" || value === null) return String(value);
  if (value instanceof Error) return told(value);
  if (globalThis.Node && value instanceof Node) return `<${value.nodeName.toLowerCase()}>`;
  if (value instanceof Date || value instanceof RegExp) return String(value);
  if (seen.has(value)) return "[circular]";
  if (depth === 0) return Array.isArray(value) ? `Array(${value.length})` : "{…}";
  seen.add(value);
  const text = composite(value, depth - 1, seen);
  seen.delete(value);
  return text;
}

/// Some engines leave the message out of the stack.
function told(error) {
  const { message, stack } = error;
  if (!stack) return String(error);
  return stack.includes(message) ? stack : `${String(error)}\n${stack}`.trimEnd();
}

function composite(value, depth, seen) {
  const write = (item) => written(item, depth, seen);
  const listed = (items, open, close) => {
    const more = items.length > LIMIT_ITEMS ? ", …" : "";
    return `${open}${items.slice(0, LIMIT_ITEMS).join(", ")}${more}${close}`;
  };
  if (Array.isArray(value)) return listed(value.slice(0, LIMIT_ITEMS + 1).map(write), "[", "]");
  if (value instanceof Map) {
    return listed([...value].map(([key, item]) => `${write(key)} => ${write(item)}`), "Map {", "}");
  }
  if (value instanceof Set) return listed([...value].map(write), "Set {", "}");
  const name = Object.getPrototypeOf(value)?.constructor?.name;
  const head = name && name !== "Object" ? `${name} ` : "";
  const keys = Object.keys(value).slice(0, LIMIT_ITEMS + 1);
  return head + listed(keys.map((key) => `${key}: ${write(value[key])}`), "{", "}");
}
