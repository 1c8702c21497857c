// Examples to begin with; the one whose formula stands there is chosen, with a line on it.

import { h, releaseAfterPointer } from "../common/dom.js";

const OWN = "";

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

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
    /** Shows which one it is, or of a formula of one's own what is known of it. */
    show(current, known) {
      select.value = current?.id ?? OWN;
      note.textContent = current?.note ?? sentence(known || "your own formula");
    },
  };
}
