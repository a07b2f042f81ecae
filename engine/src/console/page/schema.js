// A form from the JSON schema of a body. What it gives is text, so that numbers stay as they were typed.
import { make, plainly, shown } from "./dom.js";

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;
const DEEP = 4;

// Whether fields can ask for such a value.
export function hasFields(schema) {
  const able = typeof schema === "object" && schema !== null && typeOf(schema) === "object";
  return able && Object.keys(schema.properties ?? {}).length > 0;
}

// `null` beside another type says that it may be left out.
function typeOf(schema) {
  const types = [schema.type].flat().filter((type) => type && type !== "null");
  return types.length === 1 ? types[0] : schema.properties ? "object" : undefined;
}

// Fields for an object, filled from an example: `element`, and `json()`, which gives its text or throws an Error with the field's
// name.
export function objectFields(schema, example = {}, depth = 0) {
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties).map(([name, of]) => field(name, of, required.has(name), example?.[name], depth));
  // What the example has beyond the schema stays as it is.
  const others = Object.entries(example ?? {}).filter(([name]) => !(name in schema.properties));
  const more = others.map(([name, value]) => [name, JSON.stringify(value)]);
  return {
    element: make("div", { class: "fields" }, fields.map(({ element }) => element)),
    json() {
      const given = [...fields.map(({ name, json }) => [name, json()]), ...more].filter(([, text]) => text !== undefined);
      return `{${given.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(",")}}`;
    },
  };
}

function field(name, schema, required, example, depth) {
  if (hasFields(schema) && depth < DEEP) {
    const inner = objectFields(schema, example, depth + 1);
    const legend = make("legend", {}, shown(name), required && star());
    const json = () => {
      const text = inner.json();
      return text === "{}" && !required ? undefined : text;
    };
    return { name, json, element: make("fieldset", {}, legend, inner.element) };
  }
  const input = inputOf(schema, required, example);
  const label = make("span", { class: "label" }, shown(name), required && star(), make("span", { class: "type" }, wordsOf(schema)));
  const about = schema.description && make("span", { class: "hint" }, shown(schema.description));
  return { name, json: () => text(name, schema, required, input), element: make("label", { class: "field" }, label, input, about) };
}

const star = () => make("span", { class: "needed", title: "required" }, "*");

function wordsOf(schema) {
  const bound = (value, sign, unit) => value !== undefined && `${sign} ${value}${unit}`;
  const words = [
    schema.enum ? "choice" : (schema.format ?? typeOf(schema) ?? "JSON"),
    bound(schema.minimum, "≥", ""),
    bound(schema.maximum, "≤", ""),
    bound(schema.minLength, "≥", " long"),
    bound(schema.maxLength, "≤", " long"),
    schema.pattern,
  ];
  return plainly(words.filter(Boolean).join(", "));
}

function inputOf(schema, required, example) {
  const given = schema.const ?? example ?? schema.default ?? schema.examples?.[0];
  const type = typeOf(schema);
  if (schema.enum || type === "boolean") {
    const choices = schema.enum ?? [true, false];
    const word = (one) => plainly(typeof one === "string" ? one : JSON.stringify(one));
    const options = choices.map((one) => make("option", { value: JSON.stringify(one) }, word(one)));
    const select = make("select", {}, !required && make("option", { value: "" }, "—"), options);
    select.value = given === undefined ? (required ? JSON.stringify(choices[0]) : "") : JSON.stringify(given);
    return select;
  }
  const long = type === undefined || type === "array" || type === "object";
  const inputmode = type === "number" || type === "integer" ? "decimal" : null;
  const line = { type: "text", autocomplete: "off", spellcheck: "false", inputmode };
  const input = long ? make("textarea", { rows: 2, spellcheck: "false" }) : make("input", line);
  input.value = given === undefined ? "" : typeof given === "string" && type === "string" ? given : JSON.stringify(given);
  return input;
}

function text(name, schema, required, input) {
  const value = input.value;
  const type = typeOf(schema);
  if (input instanceof HTMLSelectElement) return value === "" ? undefined : value;
  if (type === "string") return value === "" && !required ? undefined : JSON.stringify(value);
  const trimmed = value.trim();
  if (trimmed === "") {
    if (required) throw new Error(`\`${name}\` is required`);
    return undefined;
  }
  const numeric = type === "number" || type === "integer";
  if (numeric && !NUMBER.test(trimmed)) throw new Error(`\`${name}\` must be a number: \`${trimmed}\` is none`);
  try {
    JSON.parse(trimmed);
  } catch {
    throw new Error(`\`${name}\` must be JSON`);
  }
  return trimmed;
}
