// Who wants to know of something says so here; who knows of something tells it here.
const listeners = new Map();

export function on(name, listener) {
  listeners.set(name, [...(listeners.get(name) ?? []), listener]);
}

export function tell(name, value) {
  for (const listener of listeners.get(name) ?? []) listener(value);
}
