// The form that sends: for each sender its parameters, and its body as fields or as text.
import { ask } from "./api.js";
import { on, tell } from "./bus.js";
import { body } from "./body.js";
import { find, link, make, plainly, replace, shown } from "./dom.js";
import { refusal } from "./inspector.js";
import { hasFields, objectFields } from "./schema.js";
import { exactly, indented, took } from "./text.js";

const AUTH = {
  none: "open to all",
  basic: "sent with basic credentials",
  jwt: "sent with a token",
  cognito: "sent with a token of the user pool",
  api_key: "sent with an API key",
  iam: "sent with a signature",
};

const form = find("send-form");
const select = find("sender");
const answer = find("answer");
let senders = [];
let fields = null;
let shownFor = null;

export function start() {
  on("state", (state) => {
    senders = state.read_only ? [] : state.senders;
    document.body.classList.toggle("read-only", state.read_only);
    const before = select.value;
    replace(select, senders.map((one) => make("option", { value: one.id }, plainly(one.title ?? one.id))));
    if (senders.some(({ id }) => id === before)) select.value = before;
    show();
  });
  select.addEventListener("change", show);
  find("as-fields").addEventListener("click", () => mode(true));
  find("as-text").addEventListener("click", () => mode(false));
  find("body").addEventListener("input", check);
  form.addEventListener("submit", send);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
}

const sender = () => senders.find(({ id }) => id === select.value);
const isJson = () => /\bjson\b/.test(sender()?.content_type ?? "json");

// What was typed stays while the sender stays as it is.
function show() {
  const one = sender();
  form.hidden = one === undefined;
  find("send-none").hidden = one !== undefined;
  if (!one || JSON.stringify(one) === shownFor) return;
  shownFor = JSON.stringify(one);
  find("sender-auth").textContent = AUTH[one.auth] ?? plainly(one.auth);
  replace(find("params"), one.params.map((name) => parameter(name, one.values[name] ?? "")));
  find("body").value = one.example ? (indented(one.example) ?? one.example) : "";
  find("headers").value = "";
  fields = null;
  replace(answer);
  mode(hasFields(one.schema));
}

function whereIs(name) {
  const [path, query = ""] = sender().path.split("?");
  return path.includes(`{${name}}`) ? "in the path" : query.includes(`{${name}}`) ? "in the query" : "header";
}

function parameter(name, value) {
  const input = make("input", { type: "text", name, required: true, autocomplete: "off", spellcheck: "false" });
  input.value = value;
  const label = make("span", { class: "label" }, shown(name), make("span", { class: "type" }, whereIs(name)));
  return make("label", { class: "field" }, label, input);
}

// As fields, with what the text says; or as text, with what the fields say.
function mode(asFields) {
  const one = sender();
  const able = hasFields(one?.schema);
  find("mode").hidden = !able;
  if (asFields && able) {
    fields = objectFields(one.schema, example());
    replace(find("fields"), fields.element);
  } else if (fields !== null) {
    try {
      find("body").value = indented(fields.json());
    } catch (error) {
      return replace(answer, refusal(error));
    }
    fields = null;
  }
  find("fields").hidden = fields === null;
  find("text").hidden = fields !== null;
  find("as-fields").setAttribute("aria-pressed", fields !== null);
  find("as-text").setAttribute("aria-pressed", fields === null);
  check();
}

function example() {
  try {
    return exactly(find("body").value);
  } catch {
    return {};
  }
}

// A body that is no JSON can be sent: that is how one sees what becomes of it.
function check() {
  const text = find("body").value;
  const wrong = fields === null && isJson() && text.trim() !== "" && indented(text) === null;
  find("body-note").textContent = wrong ? "This is no JSON. It is sent as it is." : "";
}

function headersOf(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      if (colon < 1) throw new Error(`\`${line}\` is no header: write \`Name: value\``);
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}

async function send(event) {
  event.preventDefault();
  const button = find("send");
  button.disabled = true;
  replace(answer);
  try {
    const inputs = [...find("params").querySelectorAll("input")];
    const params = Object.fromEntries(inputs.map((input) => [input.name, input.value]));
    const text = fields === null ? find("body").value : fields.json();
    const headers = headersOf(find("headers").value);
    said(await ask("/api/send", { body: { sender: select.value, params, body: text, headers } }));
  } catch (error) {
    replace(answer, refusal(error));
  } finally {
    button.disabled = false;
  }
}

function said({ status, body: text, ms, n }) {
  const fine = status >= 200 && status < 300;
  const known = n !== null && n !== undefined;
  replace(
    answer,
    make(
      "p",
      { class: "outcome" },
      make("span", { class: `badge ${fine ? "done" : "refused"}` }, String(status)),
      make("span", {}, `answered in ${took(ms)}`),
      known && link("open the event", () => tell("open", { event: n })),
    ),
    text ? body({ title: "answer", text }) : null,
  );
}
