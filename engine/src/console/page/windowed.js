// A list of which only the rows in sight exist: 10,000 cost no more than 20. One row has the focus of the keyboard.
import { calmly, make } from "./dom.js";

const BEYOND = 6;

// `fill(element, item)` gives a row its class, title and children, `key(item)` tells items apart, `open(item)` is what Enter and a
// click do, `more()` is called near the end. A row's element stays while its item is in sight, so that a click on it is not lost.
export function windowed(root, { height, fill, key, open, more = () => {} }) {
  let items = [];
  let current = null;
  let drawn = new Map();
  const space = make("div", { class: "space", role: "presentation" });
  root.append(space);
  root.setAttribute("tabindex", "0");

  const place = (item) => items.findIndex((one) => key(one) === key(item));
  const draw = calmly(() => {
    space.style.height = `${items.length * height}px`;
    const first = Math.max(0, Math.floor(root.scrollTop / height) - BEYOND);
    const last = Math.min(items.length, Math.ceil((root.scrollTop + root.clientHeight) / height) + BEYOND);
    const before = drawn;
    drawn = new Map();
    for (let at = first; at < last; at += 1) {
      const item = items[at];
      const element = before.get(key(item)) ?? make("div", { role: "option", id: `${root.id}-${key(item)}` });
      before.delete(key(item));
      drawn.set(key(item), element);
      element.item = item;
      fill(element, item);
      element.style.top = `${at * height}px`;
      element.setAttribute("aria-posinset", at + 1);
      element.setAttribute("aria-setsize", items.length);
      element.setAttribute("aria-selected", key(item) === current);
    }
    for (const element of before.values()) element.remove();
    // In the order in which they are read, and none that is at its place is moved.
    [...drawn.values()].forEach((element, at) => {
      if (space.children[at] !== element) space.insertBefore(element, space.children[at] ?? null);
    });
    if (drawn.has(current)) root.setAttribute("aria-activedescendant", `${root.id}-${current}`);
    else root.removeAttribute("aria-activedescendant");
    if (last > items.length - 20) more();
  });

  function choose(item) {
    current = key(item);
    const at = place(item);
    const top = at * height;
    if (top < root.scrollTop) root.scrollTop = top;
    else if (top + height > root.scrollTop + root.clientHeight) root.scrollTop = top + height - root.clientHeight;
    draw();
  }

  function move(by) {
    if (items.length === 0) return;
    const at = items.findIndex((one) => key(one) === current);
    choose(items[Math.min(items.length - 1, Math.max(0, at < 0 ? 0 : at + by))]);
  }

  const page = () => Math.max(1, Math.floor(root.clientHeight / height) - 1);
  const moves = {
    ArrowDown: () => move(1),
    ArrowUp: () => move(-1),
    j: () => move(1),
    k: () => move(-1),
    PageDown: () => move(page()),
    PageUp: () => move(-page()),
    Home: () => move(-items.length),
    End: () => move(items.length),
    Enter: () => items.filter((one) => key(one) === current).forEach(open),
  };
  root.addEventListener("keydown", (event) => {
    if (event.target !== root || !moves[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    moves[event.key]();
  });
  // The row that was pressed, though another one may be below the pointer by the time that it is released.
  let pressed = null;
  root.addEventListener("pointerdown", (event) => (pressed = event.target.closest('[role="option"]')));
  root.addEventListener("click", (event) => {
    const element = pressed ?? event.target.closest('[role="option"]');
    pressed = null;
    if (!element) return;
    choose(element.item);
    open(element.item);
  });
  root.addEventListener("focus", () => current === null && pressed === null && items.length > 0 && choose(items[0]));
  root.addEventListener("scroll", draw);
  new ResizeObserver(draw).observe(root);

  return {
    draw,
    current: () => items.find((one) => key(one) === current) ?? null,
    mark(chosen) {
      current = chosen;
      draw();
    },
    // `above`: how many rows came in above those that a reader sees, who keeps seeing the same.
    show(list, above = 0) {
      items = list;
      if (root.scrollTop > height && above > 0) {
        space.style.height = `${items.length * height}px`;
        root.scrollTop += above * height;
      }
      draw();
    },
  };
}
