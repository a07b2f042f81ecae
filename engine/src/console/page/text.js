// Words and numbers as people read them.

// What a reader would not see, or what moves other text: controls, marks of direction, spaces without width, fillers, halves of
// characters.
const UNSEEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e0fff}]|\p{Cs}/gu;

// Pieces of a text, in order: `{text}`, or `{text, title}` where a symbol stands for what is not seen.
export function reveal(text, lines) {
  const pieces = [];
  let from = 0;
  for (const found of text.matchAll(UNSEEN)) {
    const code = found[0].codePointAt(0);
    if (lines && (code === 9 || code === 10)) continue;
    if (found.index > from) pieces.push({ text: text.slice(from, found.index) });
    pieces.push(symbol(code));
    from = found.index + found[0].length;
  }
  if (from < text.length) pieces.push({ text: text.slice(from) });
  return pieces;
}

const CONTROLS = (
  "NUL SOH STX ETX EOT ENQ ACK BEL BS HT LF VT FF CR SO SI " + "DLE DC1 DC2 DC3 DC4 NAK SYN ETB CAN EM SUB ESC FS GS RS US"
).split(" ");

function symbol(code) {
  const title = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  return { text: code === 0x7f ? "DEL" : (CONTROLS[code] ?? title), title };
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const known = (value) => value !== null && value !== undefined;

export const count = (value) => (!known(value) ? "–" : value < 100_000 ? whole.format(value) : short.format(value));

export function rate(value) {
  if (!known(value)) return "–";
  return `${value >= 100 || value < 0.05 ? count(Math.round(value)) : value.toFixed(1)}/s`;
}

// A time that something took.
export function took(ms) {
  if (!known(ms)) return "–";
  if (ms < 1000) return `${ms < 1 && ms > 0 ? ms.toFixed(1) : Math.round(ms)} ms`;
  return age(ms);
}

// How old something is.
export function age(ms) {
  if (!known(ms)) return "–";
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

export function bytes(value) {
  if (value < 1024) return `${value} B`;
  return value < 1_048_576 ? `${(value / 1024).toFixed(1)} KB` : `${(value / 1_048_576).toFixed(1)} MB`;
}

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

const two = (value) => String(value).padStart(2, "0");

export function clock(at) {
  const time = new Date(at);
  const ms = String(time.getMilliseconds()).padStart(3, "0");
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${ms}`;
}

export const moment = (at) => {
  const time = new Date(at);
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${clock(at)}`;
};

// How a part of a pipeline is, as `pipe status` has it.
export const STATES = { well: "", needs_person: "needs a person", absent: "is not there", unread: "could not be read" };

const DEEP = 40;

// JSON with indents, from its own text, so that each number stays as it was written. Gives null where it is no JSON.
export function indented(text) {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  let depth = 0;
  let out = "";
  // Deeper than that nobody reads, and the indents of a hostile text would be longer than the text by far.
  const line = () => `\n${"  ".repeat(Math.min(depth, DEEP))}`;
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g) ?? [];
  tokens.forEach((token, at) => {
    const next = tokens[at + 1];
    if (token === "{" || token === "[") {
      depth += 1;
      out += next === "}" || next === "]" ? token : token + line();
    } else if (token === "}" || token === "]") {
      depth -= 1;
      const before = tokens[at - 1];
      out += before === "{" || before === "[" ? token : line() + token;
    } else out += token === "," ? token + line() : token === ":" ? ": " : token;
  });
  return out;
}

// JSON in which a number that a double cannot hold stays as it is written, where the browser knows how.
export const exactly = (text) =>
  JSON.parse(text, (_, value, context) => {
    const changed = typeof value === "number" && context?.source && String(value) !== context.source;
    return changed && JSON.rawJSON ? JSON.rawJSON(context.source) : value;
  });
