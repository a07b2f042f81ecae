// A text of any size: cut until somebody asks for all of it, with colours where it is JSON.
import { link, make, replace, shown } from "./dom.js";
import { bytes, indented } from "./text.js";

const CUT = 4000;
const COLOURED = 60_000;
const TOKENS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g;

// `body`: title, text, and from the server how many bytes it has and whether the server cut it.
export function body({ title, text, bytes: size, cut }) {
  const pretty = text.length <= 1_048_576 ? indented(text) : null;
  const whole = pretty ?? text;
  const value = make("pre", { class: "value", tabindex: "0" });
  const facts = make("span", { class: "size" }, bytes(size ?? new Blob([text]).size));
  const tools = make("span", { class: "tools" });
  const element = make("figure", { class: "body" }, make("figcaption", {}, shown(title), facts, tools), value);
  let raw = false;
  let all = false;
  const paint = () => {
    const source = raw ? text : whole;
    const part = all ? source : beginning(source);
    replace(value, !raw && pretty !== null && part.length <= COLOURED ? coloured(part) : shown(part, true));
    if (part.length < source.length) value.append(make("span", { class: "ellipsis" }, "…"));
    if (source.length === 0) value.append(make("span", { class: "nothing" }, "empty"));
    replace(
      tools,
      source.length > CUT && link(all ? "show less" : "show all", () => toggle(() => (all = !all))),
      pretty !== null && pretty !== text && link(raw ? "with indents" : "as sent", () => toggle(() => (raw = !raw))),
      link("copy", (event) => copy(event.target, text)),
    );
  };
  const toggle = (change) => {
    change();
    paint();
  };
  paint();
  if (cut) element.append(make("p", { class: "cut" }, `Only the first ${bytes(new Blob([text]).size)} of it were kept.`));
  return element;
}

// Without half a character at its end.
function beginning(text) {
  if (text.length <= CUT) return text;
  const code = text.charCodeAt(CUT - 1);
  return text.slice(0, code >= 0xd800 && code < 0xdc00 ? CUT - 1 : CUT);
}

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "copied";
  } catch {
    button.textContent = "not allowed";
  }
}

function coloured(text) {
  const out = [];
  let from = 0;
  for (const found of text.matchAll(TOKENS)) {
    out.push(shown(text.slice(from, found.index), true));
    const kind = found[2] !== undefined ? "key" : found[1] !== undefined ? "string" : "number";
    out.push(make("span", { class: `json-${kind}` }, shown(found[1] ?? found[0], true)), found[2] ?? "");
    from = found.index + found[0].length;
  }
  return [...out, shown(text.slice(from), true)];
}
