// A button that opens a list of things to do; arrow keys, Home, End and Escape work as everywhere.

import { freshId, h } from "./dom.js";

const EDGE = 8; // pixels that stay free beside a list

/**
 * @param {object} given
 * @param {string} given.label
 * @param {{value: string, label: string, note?: string}[]} given.items
 * @param {(value: string) => void} given.onChoose
 * @returns {{element: HTMLElement, button: HTMLButtonElement}}
 */
export function menu({ label, items, onChoose }) {
  const id = freshId("menu");
  const button = h(
    "button",
    { type: "button", class: "menu-button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-controls": id },
    label,
  );
  const entries = items.map((item) =>
    h(
      "button",
      { type: "button", role: "menuitem", tabindex: -1, onclick: () => choose(item.value) },
      h("span", {}, item.label),
      item.note ? h("small", {}, item.note) : null,
    ),
  );
  const list = h("div", { id, class: "menu-list", role: "menu", "aria-label": label, hidden: true }, entries);
  const element = h("div", { class: "menu" }, button, list);

  const isOpen = () => !list.hidden;

  function toggle(open, { focus = null } = {}) {
    list.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) place();
    focus?.focus();
  }

  /** Under the button, from its left edge or its right one; where neither fits, as far right as the page goes. */
  function place() {
    list.style.setProperty("translate", "0");
    const [box, at] = [list.getBoundingClientRect(), button.getBoundingClientRect()];
    const excess = box.right + EDGE - document.documentElement.clientWidth;
    const back = box.right - at.right;
    if (excess > 0) list.style.setProperty("translate", `${-(box.left - back >= EDGE ? back : excess)}px`);
  }

  function choose(value) {
    toggle(false, { focus: button });
    onChoose(value);
  }

  button.addEventListener("click", () => toggle(!isOpen(), { focus: isOpen() ? null : entries[0] }));
  element.addEventListener("keydown", (event) => {
    const at = entries.indexOf(document.activeElement);
    const moves = {
      ArrowDown: () => entries[(at + 1) % entries.length],
      ArrowUp: () => entries.at(at <= 0 ? -1 : at - 1),
      Home: () => entries[0],
      End: () => entries.at(-1),
    };
    if (event.key === "Escape" && isOpen()) toggle(false, { focus: button });
    else if (moves[event.key] && (isOpen() || event.key.startsWith("Arrow"))) toggle(true, { focus: moves[event.key]() });
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  element.addEventListener("focusout", (event) => {
    if (isOpen() && !element.contains(event.relatedTarget)) toggle(false);
  });
  document.addEventListener("pointerdown", (event) => {
    if (isOpen() && !element.contains(event.target)) toggle(false);
  });
  return { element, button };
}
