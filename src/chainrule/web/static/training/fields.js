// Fields with their labels: a choice from a list, a slider with its number.
import { freshId, h, releaseAfterPointer, say } from "../common/dom.js";

/**
 * A list to choose from.
 *
 * @param {object} given
 * @param {string} given.label
 * @param {(value: string) => void} given.onChange
 * @returns {{element: HTMLElement, set: (options: {value: string, label: string}[], value: string) => void}}
 */
export function choice({ label, onChange }) {
  const id = freshId("choice");
  const select = h("select", { id, class: "field", onchange: () => onChange(select.value) });
  const element = h("div", { class: "tr-field" }, h("label", { for: id, class: "field-label" }, label), select);
  releaseAfterPointer(select);
  let shown = "";

  function set(options, value) {
    const key = JSON.stringify(options);
    if (key !== shown)
      select.replaceChildren(...options.map((option) => h("option", { value: option.value }, option.label)));
    shown = key;
    select.value = value;
  }

  return {
    element,
    set,
    set disabled(is) {
      select.disabled = is;
    },
  };
}

/**
 * A slider whose number is written beside it.
 *
 * @param {object} given
 * @param {string} given.label
 * @param {number} given.min
 * @param {number} given.max
 * @param {number} given.step
 * @param {(value: number) => string} given.told
 * @param {(value: number) => void} given.onChange
 * @returns {{element: HTMLElement, set: (value: number) => void}}
 */
export function slider({ label, min, max, step, told, onChange }) {
  const id = freshId("slider");
  const input = h("input", { id, type: "range", min, max, step });
  const output = h("output", { for: id, class: "tr-digits" });
  const element = h(
    "div",
    { class: "tr-field tr-slider" },
    h("label", { for: id, class: "field-label" }, label),
    output,
    input,
  );

  function tell() {
    say(output, told(Number(input.value)));
    input.setAttribute("aria-valuetext", output.textContent);
  }

  input.addEventListener("input", () => {
    tell();
    onChange(Number(input.value));
  });
  return {
    element,
    set(value) {
      input.value = value;
      tell();
    },
  };
}

/** Numbers as options of a list; a number that is not among them, from a link say, is added in its place. */
export function numbersAsOptions(values, value, told = String) {
  const all = values.includes(value) ? values : [...values, value].sort((a, b) => a - b);
  return all.map((number) => ({ value: String(number), label: told(number) }));
}
