// How many hidden layers there are: one more, one less.
import { h, say } from "../../common/dom.js";
import { counted } from "../numbers.js";
import { DEEP, PLAIN, hasLayers } from "../wishes.js";

/** Units of a new layer, where there is none to go by. */
const UNITS = 4;

/**
 * @param {HTMLElement} root
 * @param {object} given
 * @param {object} given.limits
 * @param {(change: (wishes: object) => void) => void} given.onChange
 */
export function createLayers(root, { limits, onChange }) {
  const less = h(
    "button",
    {
      type: "button",
      class: "tr-round",
      "aria-label": "Remove a layer",
      title: "Remove a layer",
      onclick: () => onChange(remove),
    },
    "−",
  );
  const more = h(
    "button",
    {
      type: "button",
      class: "tr-round",
      "aria-label": "Add a layer",
      title: "Add a layer",
      onclick: () => onChange(add),
    },
    "+",
  );
  const count = h("span", {});
  root.append(less, count, more);
  const hidden = ({ settings }) => (hasLayers(settings) ? settings.hidden : []);

  function add(wishes) {
    const layers = hidden(wishes);
    Object.assign(wishes.settings, { model: DEEP, hidden: [...layers, layers.at(-1) ?? UNITS] });
  }

  function remove(wishes) {
    const layers = hidden(wishes).slice(0, -1);
    Object.assign(wishes.settings, layers.length ? { hidden: layers } : { model: PLAIN });
  }

  return {
    set(wishes) {
      const layers = hidden(wishes);
      less.disabled = layers.length === 0;
      more.disabled = layers.length >= limits.hidden_layers;
      say(count, layers.length ? counted(layers.length, "hidden layer") : "no hidden layer");
    },
    /** One unit more or less in a layer; a layer keeps at least one. */
    change: (layer, by) =>
      onChange(({ settings }) => {
        settings.hidden = settings.hidden.map((units, i) =>
          i === layer ? Math.min(Math.max(units + by, 1), limits.hidden_units) : units,
        );
      }),
  };
}
