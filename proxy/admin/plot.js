// Plots of figures over time: bars in SVG, with the same figures as a table for who cannot see them.

import { el } from "./parts.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 480;
const HEIGHT = 140;
const LEFT = 4;
const BOTTOM = 20;
const TOP = 8;

function svg(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/**
 * Draws one value per time. `points` are `{ label, value }` in order; `total` stands above.
 * `kind` is the colour's name.
 */
export function plot(title, total, points, write, kind) {
  const most = Math.max(...points.map((it) => it.value), 0);
  const height = HEIGHT - BOTTOM - TOP;
  const step = (WIDTH - 2 * LEFT) / Math.max(points.length, 1);
  const bars = points.map((it, n) => {
    const tall = most === 0 ? 0 : Math.max((it.value / most) * height, it.value > 0 ? 2 : 0);
    const bar = svg("rect", {
      x: LEFT + n * step + Math.min(step * 0.1, 2),
      y: TOP + height - tall,
      width: Math.max(step - Math.min(step * 0.2, 4), 1),
      height: tall,
      rx: 1,
    });
    bar.append(svg("title", {}, `${it.label}: ${write(it.value)}`));
    return bar;
  });
  const line = svg("line", { x1: LEFT, x2: WIDTH - LEFT, y1: TOP + height, y2: TOP + height });
  const texts = [];
  if (points.length > 0) {
    texts.push(svg("text", { x: LEFT, y: HEIGHT - 5 }, points[0].label));
    const last = points[points.length - 1].label;
    texts.push(svg("text", { x: WIDTH - LEFT, y: HEIGHT - 5, "text-anchor": "end" }, last));
  }
  const drawn = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: `plot__drawn plot__drawn--${kind}`, "aria-hidden": "true" },
    line,
    ...bars,
    ...texts,
  );
  const rows = points
    .filter((it) => it.value > 0)
    .map((it) => el("tr", {}, el("th", { scope: "row" }, it.label), el("td", {}, write(it.value))));
  return el(
    "figure",
    { class: "plot" },
    el(
      "figcaption",
      { class: "plot__head" },
      el("span", { class: "plot__title" }, title),
      el("span", { class: "plot__total" }, total),
    ),
    drawn,
    el(
      "details",
      { class: "plot__figures" },
      el("summary", {}, `Figures of ${title.toLowerCase()}`),
      rows.length === 0
        ? el("p", {}, "Nothing in this time.")
        : el("table", { class: "table" }, el("tbody", {}, rows)),
    ),
  );
}

/** Fills in the times that have no figures. */
export function filled(lines, from, to, step, value, label) {
  const known = new Map(lines.map((it) => [it.of, value(it)]));
  const points = [];
  for (let at = from - (from % step); at <= to; at += step) {
    points.push({ label: label(at), value: known.get(at) ?? 0 });
  }
  return points;
}
