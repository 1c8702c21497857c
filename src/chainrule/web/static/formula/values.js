// A row for each name of the formula. Rows stay while one types: what has the focus is never rebuilt.

import { h } from "../common/dom.js";
import { tooltip } from "../common/tooltip.js";
import { cellsOf, grid } from "./grid.js";
import { scalar } from "./scalar.js";
import { symbol } from "./symbol.js";

/**
 * @param {HTMLElement} host
 * @param {{onInput: (name: string, text: string) => void, onWanted: (name: string) => void}} told `onWanted` is told
 *   when it shall be another way whether a gradient is wanted.
 */
export function valueRows(host, { onInput, onWanted }) {
  const rows = new Map();

  function rowFor(value) {
    if (!rows.has(value.name)) rows.set(value.name, valueRow(value, { onInput, onWanted }));
    return rows.get(value.name);
  }

  /** Show the values of a lesson, in its order. */
  function show(values, wrt) {
    const wanted = new Set(wrt ?? values.map((value) => value.name));
    const names = new Set(values.map((value) => value.name));
    for (const [name, row] of rows) {
      if (names.has(name)) continue;
      row.element.remove();
      rows.delete(name);
    }
    values.forEach((value, index) => {
      const row = rowFor(value);
      row.show(value, { isWanted: wanted.has(value.name), isLast: wanted.size === 1 && wanted.has(value.name) });
      if (host.children[index] !== row.element) place(row.element, host.children[index] ?? null);
    });
  }

  /** Moving an element takes its focus away, so everything else moves around it. */
  function place(element, before) {
    if (!element.contains(document.activeElement)) return void host.insertBefore(element, before);
    while (before && before !== element) {
      const next = before.nextElementSibling;
      host.append(before);
      before = next;
    }
  }

  /** Say what is wrong with one value; null where nothing is. */
  function fail(error) {
    for (const [name, row] of rows) row.fail(error?.about === name ? error : null);
    return rows.has(error?.about);
  }

  return { show, fail };
}

function valueRow({ name, label }, { onInput, onWanted }) {
  const title = symbol(label);
  const wanted = h("button", { type: "button", class: "wanted", onclick: () => onWanted(name) }, "∂");
  const shape = h("button", { type: "button", class: "shape", onclick: asText });
  const place = h("div", { class: "value-control" });
  const error = h("div", { class: "value-error", role: "alert" });
  const element = h("div", { class: "value-row", "data-name": name }, title, place, wanted, error);
  let control = null;
  let text = null;
  let waits = null;

  tooltip(wanted, () =>
    wanted.getAttribute("aria-pressed") === "true"
      ? `The gradient of ${label} is shown, and gradient descent changes ${label}.`
      : `${label} is given: no gradient is shown, and gradient descent leaves it as it is.`,
  );

  const tell = (given) => {
    text = given;
    onInput(name, given);
  };

  function use(made) {
    control = made;
    place.replaceChildren(made.element, shape);
  }

  /** The control that fits a value. */
  function choose(value) {
    const cells = value.is_scalar ? null : cellsOf(value.text);
    if (value.is_scalar) use(scalar({ label, onInput: tell }));
    else if (cells) use(grid({ label, cells, onInput: tell }));
    else use(textField({ label, onInput: tell }));
  }

  const fits = (value) => control !== null && value.is_scalar === (control.kind === "scalar");

  function asText() {
    const isText = control.kind === "text";
    if (isText) choose({ text, is_scalar: false });
    else use(textField({ label, onInput: tell }));
    control.set(text);
    shape.setAttribute("aria-pressed", String(!isText));
    place.querySelector("input, textarea").focus();
  }

  function set(value) {
    waits = null;
    if (!fits(value)) choose(value);
    if (text !== value.text || control.set(value.text) === false) choose(value);
    text = value.text;
    control.set(text);
  }

  // A number that becomes a vector while it is typed keeps its field until one goes elsewhere.
  element.addEventListener("focusout", () =>
    setTimeout(() => {
      if (waits && !element.contains(document.activeElement)) set(waits);
    }),
  );

  return {
    element,
    show(value, { isWanted, isLast }) {
      element.classList.toggle("is-assumed", !value.is_given);
      wanted.setAttribute("aria-pressed", String(isWanted));
      wanted.setAttribute("aria-label", `Gradient of ${label}`);
      wanted.disabled = isLast;
      shape.hidden = value.shape.length === 0;
      shape.textContent = shapeText(value.shape);
      shape.setAttribute("aria-label", `${label}: ${shape.textContent}, as text`);
      if (place.contains(document.activeElement)) waits = value;
      else if (text !== value.text || !fits(value)) set(value);
    },
    fail(what) {
      element.classList.toggle("is-wrong", what !== null);
      error.textContent = what ? [what.what, what.fix].filter(Boolean).join("; ") : "";
    },
  };
}

function shapeText(shape) {
  return shape.length > 1 ? shape.join(" × ") : shape[0] === 1 ? "1 number" : `${shape[0]} numbers`;
}

/** A vector or matrix of any size, as it is typed. */
function textField({ label, onInput }) {
  const area = h("textarea", {
    class: "field array-text",
    rows: 2,
    spellcheck: "false",
    autocomplete: "off",
    "aria-label": label,
    oninput: () => onInput(area.value),
  });
  return { element: area, kind: "text", set: (text) => (area.value = text) };
}
