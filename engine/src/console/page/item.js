// DynamoDB's JSON, in which each value names its type, as plain JSON. It stays text, so that numbers keep all of their digits.

const list = (values, one) => `[${values.map(one).join(",")}]`;
const text = (value) => JSON.stringify(value);

const TYPES = {
  S: text,
  N: (value) => value,
  // Base64, which plain JSON has no other word for.
  B: text,
  BOOL: text,
  NULL: () => "null",
  L: (values) => list(values, attribute),
  M: (members) => `{${Object.entries(members).map(([name, value]) => `${text(name)}:${attribute(value)}`).join(",")}}`,
  SS: (values) => list(values, text),
  NS: (values) => list(values, (value) => value),
  BS: (values) => list(values, text),
};

// An attribute as plain JSON; one of an unknown type as it is.
export function attribute(value) {
  const [type, inner] = Object.entries(value ?? {})[0] ?? [];
  return Object.hasOwn(TYPES, type ?? "") ? TYPES[type](inner) : text(value);
}

// The same in a cell: a text without quotes.
export const brief = (json) => (json.startsWith('"') ? JSON.parse(json) : json);
