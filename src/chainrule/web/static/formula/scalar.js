// A number with a slider; a vector or a matrix that is typed in its place has all the room. The range of the slider
// follows the number, but never while it is dragged.

import { h } from "../common/dom.js";
import { fitting, typedNumber } from "../common/numbers.js";

const STEPS = 200;
const LEAST = 2;
const FITS = 9; // characters

/** The end of the slider's range: 2, 5, 10, 20, … at least twice the number. */
export function reach(value) {
  const wanted = Math.max(Math.abs(value) * 2, LEAST);
  const power = 10 ** Math.floor(Math.log10(wanted) + 1e-9);
  return [1, 2, 5, 10].map((factor) => factor * power).find((end) => end >= wanted * (1 - 1e-9));
}

/**
 * @param {{label: string, onInput: (text: string) => void}} given
 * @returns {{element: HTMLElement, kind: string, set: (text: string) => void}}
 */
export function scalar({ label, onInput }) {
  const slider = h("input", { type: "range", "aria-label": label, tabindex: 0 });
  const field = h("input", {
    type: "text",
    class: "field number",
    inputmode: "text",
    autocomplete: "off",
    spellcheck: "false",
    "aria-label": label,
  });
  const element = h("div", { class: "scalar" }, slider, field);
  let text = "";
  let bound = 0;

  function setRange(end) {
    if (end === bound) return;
    bound = end;
    const step = Number((end / STEPS).toPrecision(1));
    Object.assign(slider, { min: -end, max: end, step });
  }

  function follow() {
    const number = typedNumber(text);
    const isArray = text.includes("[");
    element.classList.toggle("is-array", isArray);
    slider.hidden = isArray;
    slider.disabled = number === null;
    if (number === null) return;
    const size = Math.abs(number);
    if (size >= bound || (size > 0 && size * 20 < bound)) setRange(reach(number));
    slider.value = number;
  }

  /** All digits while it is edited, else those that fit. */
  function write() {
    const number = typedNumber(text);
    const isLong = document.activeElement !== field && text.length > FITS && number !== null;
    field.value = isLong ? fitting(number, FITS) : text;
    field.title = isLong ? text : "";
  }

  function set(given) {
    text = given;
    follow();
    write();
  }

  slider.addEventListener("input", () => {
    text = String(Number(Number(slider.value).toPrecision(6)));
    write();
    onInput(text);
  });
  // Let go near zero, a wide range shrinks step by step, so that one finds back.
  slider.addEventListener("change", () => setRange(Math.max(reach(Number(slider.value)), bound / 10)));
  field.addEventListener("input", () => {
    text = field.value;
    follow();
    onInput(text);
  });
  field.addEventListener("focus", () => {
    const isShort = field.value !== text;
    write();
    if (isShort) field.select(); // else what was selected would be no more
  });
  field.addEventListener("blur", write);
  field.addEventListener("keydown", (event) => {
    const sign = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    const number = typedNumber(text);
    if (!sign || number === null) return;
    event.preventDefault();
    text = String(Number((number + sign * stepOf(text)).toPrecision(12)));
    follow();
    write();
    onInput(text);
  });
  setRange(reach(0));
  return { element, kind: "scalar", set };
}

/** One unit of the last digit: 0.25 goes by hundredths. */
function stepOf(text) {
  const decimals = /^[^e]*\.(\d*)$/i.exec(text.trim());
  return decimals ? 10 ** -Math.min(decimals[1].length, 12) : 1;
}
