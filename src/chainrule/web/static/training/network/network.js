// The network: inputs, hidden units and outputs as columns, the weights between them as lines.
import { h, say, svg } from "../../common/dom.js";
import { lowered } from "../../common/numbers.js";
import { counted, weight } from "../numbers.js";
import { layersOf } from "../run/frames.js";
import { breakable } from "../words.js";
import { drawLinks } from "./links.js";
import { createNodes } from "./nodes.js";
import { planOf } from "./plan.js";
import { roundButton } from "./round.js";
import { unitFormula } from "./terms.js";

const HINT = "Point at a unit to see its formula and its surface in large; press it to hold it.";

/**
 * @param {HTMLElement} root
 * @param {object} given
 * @param {{hidden_units: number}} given.limits
 * @param {() => object} given.palette
 * @param {(which: {layer: number, index: number} | null) => void} given.onUnit A hidden unit is looked at, or none.
 * @param {(layer: number, change: 1 | -1) => void} given.onUnits A layer shall have a unit more or less.
 */
export function createNetwork(root, { limits, palette, onUnit, onUnits }) {
  const picture = svg("svg", { class: "tr-links", "aria-hidden": "true" });
  const sheet = h("div", { class: "tr-sheet" }, picture);
  const scroll = h("div", { class: "tr-network scroll" }, sheet);
  const told = h("p", { class: "tr-unit-formula" }, HINT);
  const tip = h("div", { class: "tr-tip", hidden: true, "aria-hidden": "true" });
  const unseen = h("p", { class: "tr-unseen tr-faint", hidden: true });
  root.append(scroll, told, unseen);
  sheet.append(tip);

  let run = null;
  let plan = null;
  let links = null;
  let nodes = null;
  let frame = null;
  let layers = [];
  let looked = null;
  let held = null;

  function prepare(next) {
    run = next;
    frame = null;
    looked = held = null;
    onUnit(null);
    build();
  }

  function build() {
    const room = Math.floor(scroll.clientWidth);
    if (!run || room < 60) return;
    const focused = sheet.contains(document.activeElement) ? nameOf(document.activeElement) : null;
    plan = planOf(run, room);
    sheet.classList.toggle("is-dense", plan.isDense);
    scroll.classList.toggle("is-wider", plan.width > room);
    sheet.style.setProperty("width", `${plan.width}px`);
    sheet.style.setProperty("height", `${plan.height}px`);
    sheet.style.setProperty("--room", `${Math.max(plan.spare.before, plan.spare.after) - 9}px`);
    links = drawLinks(picture, plan);
    nodes = createNodes(plan, run, { onLook: look, onLeave: leave, onPin: pin });
    sheet.replaceChildren(picture, ...headings(), ...names(), ...nodes.elements, tip);
    recolour();
    if (focused)
      [...sheet.querySelectorAll("button")].find((one) => nameOf(one) === focused)?.focus({ preventScroll: true });
  }

  function headings() {
    return plan.columns.map((column) => {
      const isHidden = column.kind === "unit";
      const title = h(
        "span",
        { class: "tr-column-name" },
        isHidden ? `Layer ${column.layer + 1}` : column.kind === "input" ? "Input" : "Output",
      );
      const count = isHidden ? run.layers[column.layer].units : 0;
      const { hidden_units: most } = limits;
      const change = (by, label, sign, end) => {
        const button = roundButton({ sign, label, onPress: () => onUnits(column.layer, by) });
        button.end(end);
        return button.element;
      };
      const steps = isHidden
        ? h(
            "span",
            { class: "tr-units" },
            change(-1, `Remove a unit from layer ${column.layer + 1}`, "−", count > 1 ? null : "At least 1 unit"),
            h("span", { class: "tr-unit-count" }, `${count}`, h("span", { class: "visually-hidden" }, " units")),
            change(1, `Add a unit to layer ${column.layer + 1}`, "+", count < most ? null : `At most ${most} units`),
          )
        : h(
            "span",
            { class: "tr-units tr-faint" },
            column.kind === "input"
              ? counted(run.features.length, "feature")
              : run.task === "multiclass"
                ? counted(run.classes.length, "class", "classes")
                : "1 number",
          );
      const box = h(
        "div",
        {
          class: "tr-column-head",
          role: isHidden ? "group" : null,
          "aria-label": isHidden ? `Layer ${column.layer + 1}` : null,
        },
        title,
        steps,
      );
      box.style.setProperty("left", `${column.x}px`);
      return box;
    });
  }

  /** Names beside inputs and outputs, and how many nodes of a column are not drawn. */
  function names() {
    return plan.columns.flatMap((column) => {
      const sides = { input: "is-left", output: "is-right" };
      const texts =
        column.kind === "unit"
          ? []
          : column.names.map((name, k) =>
              text(
                name,
                `tr-name ${sides[column.kind]}`,
                column.x + (column.kind === "input" ? -1 : 1) * (plan.node / 2 + 7),
                column.y[k],
              ),
            );
      if (column.left) texts.push(text(`+ ${column.left} more`, "tr-name is-middle tr-faint", column.x, column.rest));
      return texts;
    });
  }

  function text(words, kind, x, y) {
    const node = h("span", { class: kind, title: words, "aria-hidden": "true" }, breakable(words));
    node.style.setProperty("left", `${x}px`);
    node.style.setProperty("top", `${y}px`);
    return node;
  }

  function look(column, k) {
    looked = { column, k };
    tell();
  }

  function leave() {
    looked = null;
    tell();
  }

  function pin(column, k) {
    held = held?.column === column && held.k === k ? null : { column, k };
    nodes.pin(held);
    tell();
  }

  /** Says what the unit that is looked at computes, and shows its surface. */
  function tell() {
    const now = looked ?? held;
    const isUnit = now?.column.kind === "unit";
    links.light(now && now.column.layer >= 0 ? now.column.layer : null, now ? now.column.indices[now.k] : null);
    onUnit(isUnit ? { layer: now.column.layer, index: now.column.indices[now.k] } : null);
    write(now);
  }

  function write(now) {
    if (!now || now.column.layer < 0 || !layers.length)
      return void (now?.column.layer === -1 ? say(told, `The feature ${now.column.names[now.k]}.`) : say(told, HINT));
    const { layer } = now.column;
    told.replaceChildren(...unitFormula(run, layers, layer, now.column.indices[now.k]));
    nodes.tell(now.column, now.k, told.textContent);
  }

  /** Says which lines have no colour, and why. */
  function tellUnseen() {
    const large = layers.flatMap(({ W }, i) => (W ? [] : [i + 1]));
    unseen.hidden = large.length === 0;
    const which = large.length === 1 ? `layer ${large[0]}` : `layers ${large.join(", ")}`;
    say(unseen, large.length ? `The lines into ${which} are pale: too many weights to be told one by one.` : "");
  }

  function point(event) {
    const { layer, i, j } = event.target.dataset ?? {};
    tip.hidden = layer === undefined;
    if (tip.hidden) return;
    const box = sheet.getBoundingClientRect();
    const value = layers[layer]?.W?.[i]?.[j];
    tip.textContent = `W${lowered(Number(layer) + 1)}[${Number(i) + 1}, ${Number(j) + 1}] = ${value === undefined ? "?" : weight(value)}`;
    tip.style.setProperty("left", `${event.clientX - box.left}px`);
    tip.style.setProperty("top", `${event.clientY - box.top}px`);
  }

  picture.addEventListener("pointermove", point);
  picture.addEventListener("pointerleave", () => (tip.hidden = true));

  function draw(next) {
    frame = next;
    layers = layersOf(frame);
    if (!nodes) return;
    links.update(layers);
    nodes.drawUnits(frame.units, palette());
    tellUnseen();
    if (looked ?? held) write(looked ?? held);
  }

  function recolour() {
    if (!nodes) return;
    nodes.drawInputs(palette());
    nodes.drawOutputs(palette());
    if (frame) draw(frame);
  }

  let width = 0;
  new ResizeObserver(() => {
    if (scroll.clientWidth === width) return;
    width = scroll.clientWidth;
    looked = held = null;
    build();
  }).observe(scroll);
  return { prepare, draw, recolour, rebuild: build };
}

/** The name of a button, without what is told of its unit. */
const nameOf = (button) => button.getAttribute("aria-label")?.split(". ")[0];
