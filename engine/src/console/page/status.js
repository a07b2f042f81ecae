// How a pipeline on AWS is, part by part, as `pipe status` says it.
import { ask } from "./api.js";
import { on } from "./bus.js";
import { draw, find, make, plainly, replace, shown } from "./dom.js";
import { age, count, STATES, took } from "./text.js";

const HEIGHT = 20;

const note = find("status-note");

export function start() {
  on("state", async ({ where }) => {
    if (where === "local") return;
    try {
      show(await ask("/api/status"));
    } catch (error) {
      note.textContent = error.message;
    }
  });
  on("stream:status", show);
}

function show(status) {
  if (status === null) return;
  const wrong = status.parts.filter(({ state }) => state !== "well").length;
  const verdict = wrong === 0 ? "All is well" : wrong === 1 ? "1 part is not well" : `${count(wrong)} parts are not well`;
  const newest = status.window.newest ? `the newest step of the figures began ${status.window.newest}` : "CloudWatch has no figures of that time";
  note.textContent = `${verdict}, as of ${status.at}; ${newest}`;
  replace(
    find("stations"),
    status.parts.map(station),
    status.notes.map((text) => make("p", { class: "hint" }, shown(text))),
  );
}

function station({ id, name, state, figures, findings }) {
  const known = figures.filter(({ value }, at) => at === 0 || (value !== undefined && value !== null));
  return make(
    "section",
    { class: `station ${plainly(state)}` },
    make("h3", {}, shown(id), make("span", { class: "name" }, shown(name)), make("span", { class: "badge" }, (STATES[state] ?? plainly(state)) || "well")),
    known.length > 0 && make("ul", { class: "figures" }, known.map(figure)),
    findings.map(finding),
  );
}

function figure({ name, metric, value, unit, steps }) {
  return make("li", { title: plainly(metric) }, make("b", {}, measured(value, unit)), " ", shown(name), " ", value > 0 && bars(steps));
}

function measured(value, unit) {
  if (value === undefined || value === null) return "–";
  if (unit === "milliseconds") return took(value);
  return unit === "seconds" ? age(value * 1000) : count(value);
}

function bars(steps) {
  const most = Math.max(...steps.map((step) => step ?? 0));
  const high = (step) => Math.max(1, ((step ?? 0) / most) * HEIGHT);
  const bar = (step, at) => draw("rect", { x: at * 5, width: 4, y: HEIGHT - high(step), height: high(step) });
  return draw("svg", { class: "bars", viewBox: `0 0 ${steps.length * 5} ${HEIGHT}`, "aria-hidden": "true" }, steps.map(bar));
}

function finding({ needs_person: bad, message, until, hint }) {
  return make(
    "p",
    { class: bad ? "refusal" : "hint" },
    shown(message),
    until && ` (until ${plainly(until)})`,
    hint && make("span", { class: "hint" }, shown(hint)),
  );
}
