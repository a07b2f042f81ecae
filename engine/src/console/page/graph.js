// The pipeline, drawn in the order that an event travels. Wide: cards in columns, with wires between them. Narrow: one below the
// other. What moves is told on the wires.
import { on, tell } from "./bus.js";
import { calmly, draw, find, icon, make, plainly, replace, shown } from "./dom.js";
import { age, count, plural, rate, STATES, took } from "./text.js";

const PAST = 60;
// In pixels: the least and the most of a card, and a wire as a part of a card.
const NARROWEST = 102;
const TIGHT = 125;
const WIDEST = 240;
const WIRE = 0.92;
const GAP = 18;
const LATE_MS = 60_000;
const MOST_SHARDS = 32;

const root = find("graph");
let parts = [];
let edges = [];
let cards = new Map();
let wires = new Map();
let lines = null;
let letters = "";
const sizes = new ResizeObserver(calmly(place));

export function start() {
  on("state", build);
  on("stream:figures", figures);
  on("letters", (words) => {
    letters = words;
    showLetters();
  });
  sizes.observe(root);
}

function build(state) {
  parts = state.parts;
  edges = state.edges.filter(({ from, to }) => parts.some(({ id }) => id === from) && parts.some(({ id }) => id === to));
  const before = wires;
  cards = new Map(parts.map((part) => [part.id, card(part)]));
  wires = new Map(edges.map((edge) => [edge.id, wire(edge, before.get(edge.id))]));
  lines = draw("svg", { class: "wires", "aria-hidden": "true" });
  const into = (id) => edges.filter(({ to }) => to === id).map((edge) => wires.get(edge.id).element);
  for (const { element } of cards.values()) sizes.observe(element);
  showLetters();
  replace(root, lines, parts.map(({ id }) => [into(id), cards.get(id).element]));
  place();
}

function card(part) {
  const now = make("span", { class: "now" });
  const shards = make("span", { class: "shards" });
  const element = make(
    "button",
    { class: `card ${part.kind}`, type: "button", "data-part": part.id, onclick: () => tell("open", { part }) },
    icon(part.kind),
    make("span", { class: "kind" }, shown(part.title)),
    make("span", { class: "name", title: plainly(part.name) }, shown(part.name)),
    now,
    shards,
  );
  const made = { part, element, now, shards, said: "" };
  showShards(made, part.shards ?? []);
  return made;
}

// A bar for each shard: it has a colour while its number grows.
function showShards(card, shards) {
  const before = new Map((card.part.shards ?? []).map(({ id, records }) => [id, records]));
  const bars = shards.slice(0, MOST_SHARDS).map(({ id, records }) => {
    const look = records > (before.get(id) ?? 0) ? "busy" : "";
    return make("i", { class: look, title: `${plainly(id)}: ${plural(records, "record")}` });
  });
  replace(card.shards, bars);
  card.part.shards = shards;
}

function showLetters() {
  for (const card of cards.values()) if (card.part.kind === "dlq") showNow(card);
}

function wire(edge, before) {
  const spark = draw("polyline", { class: "spark" });
  const speed = make("span", { class: "rate" }, "–");
  const total = make("span", { class: "total" });
  const times = make("span", { class: "times", title: "half of them took at most this long; 99 of 100 at most that long" });
  const bad = make("span", { class: "bad" });
  const box = { class: "chart", viewBox: `0 0 ${PAST} 20`, preserveAspectRatio: "none", "aria-hidden": "true" };
  const element = make(
    "div",
    { class: "edge", "data-edge": edge.id },
    make("div", { class: "above" }, make("span", { class: "word" }, shown(edge.word)), speed, draw("svg", box, spark)),
    make("div", { class: "below" }, total, times, bad),
  );
  return { edge, element, spark, speed, total, times, bad, past: before?.past ?? [], path: null };
}

function figures(now) {
  for (const [id, figure] of Object.entries(now.edges ?? {})) if (wires.has(id)) showWire(wires.get(id), figure, plainly(now.of));
  for (const [id, figure] of Object.entries(now.parts ?? {})) if (cards.has(id)) showCard(cards.get(id), figure);
}

function showWire(wire, figure, of) {
  wire.past = figure.steps?.map((step) => step ?? 0) ?? [...wire.past, figure.rate ?? 0].slice(-PAST);
  const most = Math.max(1, ...wire.past);
  const wide = figure.steps ? PAST / figure.steps.length : 1;
  const first = PAST - wire.past.length * wide;
  const point = (value, at) => `${first + (at + 0.5) * wide},${(19 - (value / most) * 18).toFixed(1)}`;
  wire.spark.setAttribute("points", wire.past.map(point).join(" "));
  wire.speed.textContent = rate(figure.rate);
  wire.total.textContent = figure.count ? `${count(figure.count)} ${of}` : "";
  const known = (value) => value !== null && value !== undefined;
  const words = [known(figure.p50_ms) && took(figure.p50_ms), known(figure.p99_ms) && `p99 ${took(figure.p99_ms)}`];
  // It breaks between the two alone.
  wire.times.textContent = words.filter(Boolean).map((one) => one.replaceAll(" ", "\u00a0")).join(" · ");
  wire.bad.textContent = figure.errors ? plural(figure.errors, "error") : "";
  wire.element.classList.toggle("wrong", figure.errors > 0);
  wire.path?.classList.toggle("flows", figure.rate > 0);
  wire.path?.classList.toggle("used", figure.count > 0);
  wire.element.classList.toggle("quiet", !figure.count);
}

function showNow({ part, now, said }) {
  now.textContent = [said, part.kind === "dlq" && letters].filter(Boolean).join(" · ");
}

const WORDS = {
  age_ms: (value) => (value > 0 ? `${age(value)} behind` : ""),
  waiting: (value) => (value > 0 ? `${count(value)} waiting` : ""),
};

function showCard(card, figure) {
  const words = Object.entries(figure)
    .filter(([, value]) => typeof value === "number")
    .map(([key, value]) => (WORDS[key] ?? (() => `${count(value)} ${plainly(key).replaceAll("_", " ")}`))(value));
  if (figure.state) words.push(figure.says ? plainly(figure.says) : (STATES[figure.state] ?? plainly(figure.state)));
  card.said = words.filter(Boolean).join(" · ");
  card.now.title = card.said;
  showNow(card);
  card.element.classList.toggle("late", figure.age_ms > LATE_MS);
  card.element.classList.toggle("wrong", figure.state !== undefined && figure.state !== "well");
  if (Array.isArray(figure.shards)) showShards(card, figure.shards);
}

// Column of each part: one more than that of the last one before it. Row: what shares a column, in order.
function grid() {
  const column = new Map();
  const order = new Map(parts.map(({ id }, at) => [id, at]));
  for (const { id } of parts) {
    const before = edges.filter(({ from, to }) => to === id && order.get(from) < order.get(id));
    column.set(id, Math.max(-1, ...before.map(({ from }) => column.get(from))) + 1);
  }
  const used = new Map();
  const row = new Map();
  for (const { id } of parts) {
    const at = column.get(id);
    row.set(id, used.get(at) ?? 0);
    used.set(at, row.get(id) + 1);
  }
  return { column, row };
}

function place() {
  if (!lines) return;
  const { column, row } = grid();
  const columns = Math.max(0, ...column.values()) + 1;
  const share = root.clientWidth / (columns + (columns - 1) * WIRE);
  const wide = share >= NARROWEST && parts.length > 0;
  root.classList.toggle("wide", wide);
  root.classList.toggle("tight", wide && share < TIGHT);
  replace(lines);
  if (!wide) {
    for (const { element } of [...cards.values(), ...wires.values()]) element.removeAttribute("style");
    root.style.height = "";
    return;
  }
  const width = Math.min(WIDEST, share);
  const gutter = columns > 1 ? (root.clientWidth - width * columns) / (columns - 1) : 0;
  for (const { element } of cards.values()) element.style.width = `${width}px`;
  const heights = [];
  for (const [id, { element }] of cards) heights[row.get(id)] = Math.max(heights[row.get(id)] ?? 96, element.offsetHeight);
  const top = heights.map((_, at) => heights.slice(0, at).reduce((sum, height) => sum + height + GAP, 0));
  root.style.height = `${top.at(-1) + heights.at(-1)}px`;
  const left = (id) => column.get(id) * (width + gutter);
  const middle = (at) => top[at] + heights[at] / 2;
  for (const [id, { element }] of cards) {
    Object.assign(element.style, { left: `${left(id)}px`, top: `${middle(row.get(id)) - element.offsetHeight / 2}px` });
  }
  for (const wire of wires.values()) {
    const { from, to } = wire.edge;
    const level = Math.max(row.get(from), row.get(to));
    const start = { x: left(from) + width, y: middle(row.get(from)), half: left(from) + width / 2 };
    const end = { x: left(to), y: middle(row.get(to)), half: left(to) + width / 2 };
    Object.assign(wire.element.style, { left: `${start.x + 6}px`, top: `${middle(level)}px`, width: `${gutter - 16}px` });
    const look = wire.path?.getAttribute("class") ?? "wire";
    wire.path = draw("path", { d: course(start, end), class: look, "marker-end": "url(#arrow)" });
    lines.append(wire.path);
  }
}

// Straight along one row; else along the lower one, with a bend below the upper card.
function course(start, end) {
  if (start.y === end.y) return `M${start.x},${start.y} H${end.x - 7}`;
  if (end.y > start.y) return `M${start.half},${start.y} V${end.y - 12} q0,12 12,12 H${end.x - 7}`;
  return `M${start.x},${start.y} H${end.half - 12} q12,0 12,-12 V${end.y + 55}`;
}
