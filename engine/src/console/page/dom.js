// Makes elements. Text stays text: nothing here, and nothing that uses it, takes markup.
import { reveal } from "./text.js";

// The name space of SVG, from the page's own drawing, so that no address stands here.
const SVG = document.querySelector("svg").namespaceURI;

export const find = (id) => document.getElementById(id);

export const make = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);

export const draw = (name, attributes, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...kept(children));
  return element;
}

// Lists within lists are laid out flat; what is not there is left out.
const kept = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

// Text from elsewhere: isolated, so that its direction moves nothing beside it, and with what is invisible made visible.
// With `lines`, line ends and tabs stay what they are.
export function shown(text, lines = false) {
  const pieces = reveal(String(text ?? ""), lines);
  const unseen = ({ text, title }) => make("span", { class: "unseen", title }, text);
  return make("bdi", {}, pieces.map((piece) => (piece.title ? unseen(piece) : piece.text)));
}

const LINE = 300;

// The beginning of a text, as much of it as a line may show: what a line cannot show only costs.
const beginning = (text) => String(text ?? "").slice(0, LINE);

export const line = (text) => shown(beginning(text));

// The same for attributes, such as titles and labels for screen readers.
export const plainly = (text) => reveal(beginning(text), false).map((piece) => piece.text).join("");

// A button that looks like a link.
export const link = (text, onclick) => make("button", { type: "button", class: "link", onclick }, text);

export function icon(kind) {
  const shape = find(`icon-${kind}`) ? kind : "stream";
  return draw("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true" }, draw("use", { href: `#icon-${shape}` }));
}

export const replace = (element, ...children) => element.replaceChildren(...kept(children));

// One frame later, once, however often it is asked for until then.
export function calmly(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}

// At most once in so many milliseconds; the last call counts.
export function seldom(milliseconds, work) {
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      work();
    }, milliseconds);
  };
}
