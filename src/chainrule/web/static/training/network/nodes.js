// The nodes of a network: inputs, hidden units with their own surfaces, outputs. One Tab stop; arrow keys go between them.
import { describe, h, sized } from "../../common/dom.js";
import { aroundZero, byValue, createPainter } from "../output/surface.js";
import { classColour } from "../palette.js";
import { bytes } from "../run/frames.js";

const RAMP = Uint8Array.from({ length: 256 }, (_, i) => i);

/**
 * @param {object} plan Of plan.js.
 * @param {object} run
 * @param {object} given
 * @param {(column: object, k: number) => void} given.onLook The pointer or the focus is on the node k of a column.
 * @param {() => void} given.onLeave
 * @param {(column: object, k: number) => void} given.onPin A hidden unit was pressed.
 */
export function createNodes(plan, run, { onLook, onLeave, onPin }) {
  const paint = createPainter();
  const grid = plan.columns.map((column) => column.indices.map((_, k) => node(column, k)));
  const all = grid.flat();
  all[0]?.button.setAttribute("tabindex", "0");

  function node(column, k) {
    const canvas = h("canvas", { "aria-hidden": "true" });
    const name = nameOf(run, column, k);
    const button = h(
      "button",
      {
        type: "button",
        tabindex: -1,
        class: `tr-node is-${column.kind}`,
        "aria-label": name,
        "aria-pressed": column.kind === "unit" ? "false" : null,
      },
      canvas,
    );
    const entry = { column, k, button, canvas, name };
    place(button, column.x - plan.node / 2, column.y[k] - plan.node / 2, plan.node);
    button.addEventListener("pointerenter", () => onLook(column, k));
    button.addEventListener("focus", () => {
      for (const other of all) other.button.tabIndex = other.button === button ? 0 : -1;
      onLook(column, k);
    });
    button.addEventListener("pointerleave", onLeave);
    button.addEventListener("blur", onLeave);
    button.addEventListener("click", () => column.kind === "unit" && onPin(column, k));
    button.addEventListener("keydown", (event) => go(event, entry));
    return entry;
  }

  function go(event, { column, k }) {
    const c = plan.columns.indexOf(column);
    const to = {
      ArrowUp: () => grid[c][k - 1],
      ArrowDown: () => grid[c][k + 1],
      ArrowLeft: () => nearestIn(grid[c - 1], column.y[k]),
      ArrowRight: () => nearestIn(grid[c + 1], column.y[k]),
      Home: () => grid[0][0],
      End: () => grid.at(-1)[0],
    }[event.key];
    if (!to || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    to()?.button.focus();
  }

  const nearestIn = (nodes, y) =>
    nodes?.reduce((best, one) =>
      Math.abs(one.column.y[one.k] - y) < Math.abs(best.column.y[best.k] - y) ? one : best,
    );

  /** Inputs look as they are: along x, along y, or the same all over the plane. */
  function drawInputs(palette) {
    for (const { column, k, canvas } of grid[0]) {
      const context = sized(canvas, plan.node, plan.node);
      const axis = run.axes ? run.axes.indexOf(column.indices[k]) : -1;
      if (axis < 0) continue;
      const values = axis === 0 ? RAMP : RAMP.toReversed();
      paint(
        context,
        axis === 0 ? [1, 256] : [256, 1],
        plan.node,
        plan.node,
        byValue(values, { low: -1, high: 1 }, [-1, 1], palette.diverging),
      );
    }
  }

  function drawUnits(units, palette) {
    for (const { column, k, canvas } of all) {
      if (column.kind !== "unit") continue;
      const data = units?.layers[column.layer]?.[column.indices[k]];
      const context = sized(canvas, plan.node, plan.node);
      if (!data) continue;
      const [low, high] = [units.low[column.layer][k], units.high[column.layer][k]];
      paint(
        context,
        units.size,
        plan.node,
        plan.node,
        byValue(bytes(data), { low, high }, aroundZero(low, high), palette.diverging),
      );
    }
  }

  return {
    elements: all.map(({ button }) => button),
    drawInputs,
    drawUnits,
    /** Colours outputs by class. */
    drawOutputs(palette) {
      for (const { k, canvas } of grid.at(-1)) {
        const context = sized(canvas, plan.node, plan.node);
        if (run.task === "regression") continue;
        context.fillStyle = classColour(palette, run.task === "binary" ? 1 : k);
        context.fillRect(0, 0, plan.node, plan.node);
      }
    },
    /** Marks the unit that is held, or none. */
    pin(held) {
      for (const { column, k, button } of all) {
        if (column.kind === "unit")
          button.setAttribute("aria-pressed", String(held !== null && held.column === column && held.k === k));
      }
    },
    tell(column, k, words) {
      const found = grid[plan.columns.indexOf(column)][k];
      describe(found.button, `${found.name}. ${words}`);
    },
  };
}

function place(element, x, y, size) {
  for (const [name, value] of Object.entries({ left: x, top: y, width: size, height: size }))
    element.style.setProperty(name, `${value}px`);
}

function nameOf(run, column, k) {
  if (column.kind === "input") return `Input ${column.names[k]}`;
  if (column.kind === "output")
    return run.task === "regression"
      ? `Output: predicted ${column.names[k]}`
      : `Output: probability of ${column.names[k]}`;
  return `Unit ${column.names[k]} of layer ${column.layer + 1}`;
}
