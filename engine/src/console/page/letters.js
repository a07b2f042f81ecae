// The dead letters: shown, chosen, and sent again after asking.
import { ask } from "./api.js";
import { on, tell } from "./bus.js";
import { find, line, make, plainly, replace, seldom, shown } from "./dom.js";
import { age, plural } from "./text.js";
import { windowed } from "./windowed.js";

const LIMIT = 100;
const AGAIN_MS = 1000;
const LATER_MS = 6000;

const status = find("letters-status");
const chosen = new Set();
let letters = [];
let more = false;
let failed = false;
// Each look into the queue counts as a receive of its messages: on AWS only whoever opens the list looks.
let place = null;
let fresh = true;

const list = windowed(find("letters"), { height: 52, key: (one) => one.id, fill, open: (one) => tell("open", { letter: one.id }) });

export function start() {
  on("live", () => (fresh = true));
  // The pipeline may not have been up.
  on("state", ({ where }) => {
    place = where;
    if (where !== "local" || !(fresh || failed)) return;
    fresh = false;
    load();
  });
  on("event", ({ state }) => {
    if (state !== "letter") return;
    soon();
    later();
  });
  on("tab", (name) => name === "letters" && load());
  on("redrive", redrive);
  find("letters").addEventListener("keydown", choose);
  find("redrive").addEventListener("click", () => redrive(marked()));
  find("all").addEventListener("change", all);
}

const soon = seldom(AGAIN_MS, load);
// A letter that somebody else looks at is hidden for a moment.
const later = seldom(LATER_MS, load);
const able = () => letters.filter(({ can_redrive }) => can_redrive);
// The chosen ones; where none is, all that are shown.
const marked = () => (chosen.size > 0 ? able().filter(({ id }) => chosen.has(id)) : able()).map(({ id }) => id);

function fill(element, letter) {
  element.className = "row dead";
  element.title = plainly([letter.reason, letter.message].filter(Boolean).join(": "));
  const label = `choose ${plainly(letter.event_id)}`;
  const box = make("input", { type: "checkbox", tabindex: "-1", "aria-label": label, disabled: !letter.can_redrive });
  box.checked = chosen.has(letter.id);
  box.addEventListener("click", (event) => {
    event.stopPropagation();
    flip(letter);
  });
  replace(
    element,
    box,
    make("span", { class: "title" }, line(letter.reason), make("span", { class: "id" }, line(letter.event_id))),
    make("span", { class: "why" }, line(letter.can_redrive ? letter.message : (letter.why_not ?? letter.message))),
    make("time", {}, `${age(Date.now() - letter.at)} ago`),
  );
}

function flip(letter) {
  if (!letter.can_redrive) return;
  chosen[chosen.has(letter.id) ? "delete" : "add"](letter.id);
  tools();
  list.draw();
}

function choose(event) {
  const letter = list.current();
  if (event.key !== " " || !letter) return;
  event.preventDefault();
  flip(letter);
}

function all() {
  const none = chosen.size === 0;
  chosen.clear();
  if (none) for (const { id } of able()) chosen.add(id);
  tools();
  list.draw();
}

async function load() {
  try {
    const page = await ask(`/api/letters?limit=${LIMIT}`);
    ({ letters, more } = page);
    failed = false;
    for (const id of [...chosen]) if (!letters.some((one) => one.id === id)) chosen.delete(id);
    list.show(letters);
    find("letters-empty").textContent = letters.length > 0 ? "" : "No dead letters.";
  } catch (error) {
    failed = true;
    find("letters-empty").textContent = error.message;
  }
  tools();
}

function tools() {
  const number = `${letters.length}${more ? "+" : ""}`;
  find("letters-count").textContent = letters.length === 0 ? "" : number;
  tell("letters", letters.length === 0 ? "" : letters.length === 1 && !more ? "1 letter" : `${number} letters`);
  const redrive = find("redrive");
  redrive.disabled = able().length === 0;
  const every = able().length > 0 ? (able().length === 1 ? "Redrive the one shown" : `Redrive all ${able().length} shown`) : "Redrive";
  redrive.textContent = chosen.size > 0 ? `Redrive ${chosen.size} chosen` : every;
  const box = find("all");
  box.checked = chosen.size > 0 && chosen.size === able().length;
  box.indeterminate = chosen.size > 0 && chosen.size < able().length;
  box.disabled = able().length === 0;
}

async function redrive(ids) {
  if (ids.length === 0 || !(await sure(ids.length))) return;
  status.textContent = `Sending ${plural(ids.length, "letter")} again …`;
  try {
    sayOutcome((await ask("/api/redrive", { body: { ids } })).results);
  } catch (error) {
    replace(status, shown(error.message), " ", error.hint && shown(error.hint));
  }
  load();
}

function sayOutcome(results) {
  const of = (outcome) => results.filter((one) => one.outcome === outcome);
  const words = { taken: "taken by the function", kept: "kept", gone: "gone already" };
  const met = Object.keys(words).filter((outcome) => of(outcome).length > 0);
  const outcome = met.map((outcome) => `${plural(of(outcome).length, "letter")} ${words[outcome]}`);
  const why = [...new Set(of("kept").map((one) => one.why).filter(Boolean))].slice(0, 3);
  if (of("taken").length > 0) outcome.push("what it cannot handle comes back as a new letter");
  replace(status, outcome.join(", "), why.length > 0 && ": ", why.length > 0 && shown(why.join("; ")));
  if (of("taken").length > 0) chosen.clear();
  tell("taken", of("taken").map(({ id }) => id));
}

// Asks before anything is sent again.
function sure(number) {
  const dialog = find("sure");
  const who = place === "local" ? "The function" : `The function on ${place}`;
  find("sure-text").textContent =
    number === 1
      ? `${who} gets the letter's event again. The letter is deleted when the function has taken it.`
      : `${who} gets the events of ${number} letters again. Each letter is deleted when the function has taken it. ` +
        "Events that came later may have been handled already: these come after them.";
  find("sure-yes").textContent = number === 1 ? "Redrive 1 letter" : `Redrive ${number} letters`;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}
