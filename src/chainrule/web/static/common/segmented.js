// A few choices side by side, of which one holds: radio buttons, with all that the browser gives them.

import { freshId, h, releaseAfterPointer } from "./dom.js";

/**
 * @param {object} given
 * @param {string} given.label
 * @param {{value: string, label: string, title?: string}[]} given.options
 * @param {string} given.value
 * @param {(value: string) => void} given.onChange
 * @param {boolean} [given.showsLabel]
 * @returns {{element: HTMLElement, value: string}} Setting `value` chooses without a call of `onChange`.
 */
export function segmented({ label, options, value, onChange, showsLabel = false }) {
  const name = freshId("choice");
  const inputs = new Map();
  const parts = options.map((option) => {
    const input = h("input", { type: "radio", name, value: option.value, onchange: () => onChange(option.value) });
    inputs.set(option.value, input);
    releaseAfterPointer(input);
    return h("label", { title: option.title }, input, h("span", {}, option.label));
  });
  const legend = h("legend", { class: showsLabel ? "field-label" : "visually-hidden" }, label);
  const element = h("fieldset", { class: "segmented" }, legend, h("div", {}, parts));
  const control = {
    element,
    get value() {
      return [...inputs.values()].find((input) => input.checked)?.value;
    },
    set value(chosen) {
      const input = inputs.get(chosen);
      if (input) input.checked = true;
    },
  };
  control.value = value;
  return control;
}
