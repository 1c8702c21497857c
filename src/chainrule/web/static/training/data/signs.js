// What stands before the decimals of the own table's numbers: found out, or said by the user.
import { freshId, h } from "../../common/dom.js";

const CHOICES = [
  ["auto", "as found"],
  [".", "decimal point"],
  [",", "decimal comma"],
];

/**
 * @param {object} given
 * @param {(decimal: string) => void} given.onChange
 */
export function createSigns({ onChange }) {
  const id = freshId("decimal");
  const options = CHOICES.map(([value, name]) => h("option", { value }, name));
  const select = h("select", { id, class: "field", onchange: () => onChange(select.value) }, options);
  const element = h("div", { class: "tr-use", hidden: true }, h("label", { for: id }, "Numbers"), select);
  return {
    element,
    /** Shows what is chosen; null where there is nothing to choose. */
    set(decimal) {
      element.hidden = decimal === null;
      if (decimal !== null) select.value = decimal;
    },
  };
}
