// Examples to begin with; the one whose formula stands there is chosen, with a line on it.

import { h, releaseAfterPointer } from "../common/dom.js";

const OWN = "";

/**
 * @param {HTMLSelectElement} select
 * @param {HTMLElement} note
 * @param {object[]} presets
 * @param {(preset: object) => void} onChoose
 */
export function presetChoice(select, note, presets, onChoose) {
  const own = h("option", { value: OWN, hidden: true }, "Your own");
  select.replaceChildren(own, ...presets.map((preset) => h("option", { value: preset.id }, preset.title)));
  releaseAfterPointer(select);
  select.addEventListener("change", () => onChoose(presets.find((preset) => preset.id === select.value)));
  return {
    show(current) {
      select.value = current?.id ?? OWN;
      note.textContent = current?.note ?? "Your own formula.";
    },
  };
}
