// A number with − and + beside it.

import { freshId, h } from "./dom.js";
import { typedNumber, wrongNumber } from "./numbers.js";

/**
 * @param {object} given
 * @param {string} given.label
 * @param {number} given.value
 * @param {number} [given.min]
 * @param {number} [given.max]
 * @param {number | ((value: number, sign: 1 | -1) => number)} [given.step] A step, or the next value, as for 1, 2, 5, 10.
 * @param {(number: number) => string} given.outside What to say of a number that is out of bounds.
 * @param {(value: number) => void} given.onChange Only told of numbers within bounds.
 * @param {(isWrong: boolean) => void} given.onWrong Told when what stands there becomes wrong, or is so no more.
 * @returns {{element: HTMLElement, value: number}} `value` is the last one that was right.
 */
export function stepper({ label, value, min = -Infinity, max = Infinity, step = 1, outside, onChange, onWrong }) {
  const id = freshId("number");
  const input = h("input", { id, type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false" });
  const less = h("button", { type: "button", tabindex: -1, "aria-label": `Less: ${label}` }, "−");
  const more = h("button", { type: "button", tabindex: -1, "aria-label": `More: ${label}` }, "+");
  const wrong = h("div", { id: `${id}-wrong`, class: "stepper-wrong", role: "alert" });
  const element = h(
    "div",
    { class: "stepper" },
    h("label", { for: id, class: "field-label" }, label),
    h("div", { class: "stepper-box" }, less, input, more),
    wrong,
  );
  let now = value;

  const within = (number) => Math.min(Math.max(Number(number.toPrecision(12)), min), max);
  const next = (sign) => within(typeof step === "function" ? step(now, sign) : now + sign * step);

  function set(number, { writes = true, tells = true } = {}) {
    const isOther = number !== now;
    now = number;
    if (writes) input.value = String(number);
    say("");
    less.disabled = number <= min;
    more.disabled = number >= max;
    if (isOther && tells) onChange(number);
  }

  /** What stands there stays, whatever is wrong with it: one mends a text that one sees. */
  function say(problem) {
    const isOther = Boolean(problem) !== Boolean(wrong.textContent);
    wrong.textContent = problem;
    input.setAttribute("aria-invalid", String(Boolean(problem)));
    if (problem) input.setAttribute("aria-describedby", wrong.id);
    else input.removeAttribute("aria-describedby");
    if (isOther) onWrong(Boolean(problem));
  }

  less.addEventListener("click", () => set(next(-1)));
  more.addEventListener("click", () => set(next(1)));
  input.addEventListener("input", () => {
    const number = typedNumber(input.value);
    if (number !== null && number >= min && number <= max) set(number, { writes: false });
    else say(wrongNumber(input.value) || outside(number));
  });
  input.addEventListener("change", () => {
    if (!wrong.textContent) set(now); // as it is written: 0.50 becomes 0.5
  });
  input.addEventListener("keydown", (event) => {
    const sign = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!sign) return;
    event.preventDefault();
    set(next(sign));
  });
  set(value, { tells: false });
  return {
    element,
    get value() {
      return now;
    },
    set value(number) {
      set(number, { tells: false });
    },
  };
}

/** The next of 1, 2, 5, 10, 20, …, for numbers whose size matters more than their difference. */
export function byFactors(value, sign) {
  const series = [1, 2, 5, 10];
  if (!(value > 0)) return sign > 0 ? 1e-6 : value;
  const power = 10 ** Math.floor(Math.log10(value) + 1e-9);
  const all = [power / 2, ...series.map((factor) => factor * power)];
  const found =
    sign > 0
      ? all.find((candidate) => candidate > value * (1 + 1e-9))
      : all.findLast((candidate) => candidate < value * (1 - 1e-9));
  return Number(found.toPrecision(6));
}
