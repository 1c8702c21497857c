// How many hidden layers there are: one more, one less.
import { h, say } from "../../common/dom.js";
import { counted } from "../numbers.js";
import { DEEP, PLAIN, hasLayers } from "../wishes.js";
import { roundButton } from "./round.js";

/** Units of a new layer, where there is none to go by. */
const UNITS = 4;

/**
 * @param {HTMLElement} root
 * @param {object} given
 * @param {object} given.limits
 * @param {(change: (wishes: object) => void) => void} given.onChange
 */
export function createLayers(root, { limits, onChange }) {
  const less = roundButton({ sign: "−", label: "Remove a layer", onPress: () => onChange(remove) });
  const more = roundButton({ sign: "+", label: "Add a layer", onPress: () => onChange(add) });
  const count = h("span", {});
  root.append(less.element, count, more.element);
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
      less.end(layers.length ? null : "There is no hidden layer");
      more.end(layers.length < limits.hidden_layers ? null : `At most ${counted(limits.hidden_layers, "layer")}`);
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
