// A small vector or matrix as cells between brackets; any other array as text.

import { h } from "../common/dom.js";
import { fitting, typedNumber } from "../common/numbers.js";

const MOST = 8; // rows, and columns
const FITS = 6; // characters

/** The texts of the cells of a vector (one row) or a matrix, or null for what does not fit into a small grid. */
export function cellsOf(text) {
  let value;
  try {
    value = JSON.parse(text.replace(/[−–]/g, "-"));
  } catch {
    return null;
  }
  const isVector = Array.isArray(value) && value.every((part) => typeof part === "number");
  const rows = isVector ? [value] : value;
  const isGrid =
    Array.isArray(rows) &&
    rows.length > 0 &&
    rows.length <= MOST &&
    rows.every((row) => Array.isArray(row) && row.length === rows[0].length) &&
    rows[0].length > 0 &&
    rows[0].length <= MOST &&
    rows.flat().every((part) => typeof part === "number");
  return isGrid ? { isVector, rows: rows.map((row) => row.map(String)) } : null;
}

/** `[[1, 2], [3, 4]]`, as it is typed; with a ? for a cell that is empty. */
function textOf({ isVector, rows }) {
  const listed = rows.map((row) => `[${row.map((cell) => cell.trim() || "?").join(", ")}]`);
  return isVector ? listed[0] : `[${listed.join(", ")}]`;
}

/**
 * @param {{label: string, cells: {isVector: boolean, rows: string[][]}, onInput: (text: string) => void}} given
 * @returns {{element: HTMLElement, kind: string, set: (text: string) => boolean}} `set` says whether it could.
 */
export function grid({ label, cells, onInput }) {
  const { isVector, rows } = cells;
  const inputs = rows.map((row, i) => row.map((_, j) => cell(i, j)));

  function cell(i, j) {
    const place = isVector ? `element ${j + 1}` : `row ${i + 1}, column ${j + 1}`;
    const input = h("input", {
      class: "cell",
      type: "text",
      inputmode: "text",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": `${label}, ${place}`,
    });
    const write = () => {
      const text = rows[i][j];
      const number = typedNumber(text);
      const isLong = document.activeElement !== input && text.length > FITS && number !== null;
      input.value = isLong ? fitting(number, FITS) : text;
      input.title = isLong ? text : "";
    };
    input.addEventListener("input", () => {
      rows[i][j] = input.value;
      input.setAttribute("aria-invalid", String(typedNumber(input.value) === null));
      onInput(textOf({ isVector, rows }));
    });
    input.addEventListener("keydown", (event) => move(event, i, j));
    input.addEventListener("focus", () => {
      const isShort = input.value !== rows[i][j];
      write();
      if (isShort) input.select(); // else what was selected would be no more
    });
    input.addEventListener("blur", write);
    return { input, write };
  }

  /** Up and down go to the next row; in a vector they count. */
  function move(event, i, j) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    if (!isVector) return void inputs[i + by]?.[j].input.focus();
    const number = typedNumber(rows[i][j]);
    if (number === null) return;
    rows[i][j] = String(Number((number - by).toPrecision(12)));
    inputs[i][j].write();
    inputs[i][j].input.value = rows[i][j];
    onInput(textOf({ isVector, rows }));
  }

  function set(text) {
    const given = cellsOf(text);
    const fits = given?.isVector === isVector && given.rows.length === rows.length;
    if (!fits || given.rows[0].length !== rows[0].length) return false;
    given.rows.forEach((row, i) =>
      row.forEach((cellText, j) => {
        rows[i][j] = cellText;
        inputs[i][j].input.setAttribute("aria-invalid", "false");
        inputs[i][j].write();
      }),
    );
    return true;
  }

  for (const { write } of inputs.flat()) write();
  const lines = inputs.map((row) => h("div", { class: "grid-row" }, row.map(({ input }) => input)));
  const element = h("div", { class: "grid", role: "group", "aria-label": label }, h("div", { class: "grid-cells" }, lines));
  showCuts(element);
  return { element, kind: "grid", set };
}

/** Mark the sides at which there is more than one sees. */
function showCuts(element) {
  const look = () => {
    const left = element.scrollLeft;
    element.classList.toggle("is-cut-left", left > 1);
    element.classList.toggle("is-cut-right", left + element.clientWidth < element.scrollWidth - 1);
  };
  element.addEventListener("scroll", look, { passive: true });
  new ResizeObserver(look).observe(element);
}
