// What the network says all over a plane of two features, with the rows of the table upon it.
import { calmly } from "../../common/calm.js";
import { describe, h, say, sized, svg } from "../../common/dom.js";
import { short } from "../../common/numbers.js";
import { plain } from "../numbers.js";
import { bytes } from "../run/frames.js";
import { MARGIN, drawAxes, placer } from "./axes.js";
import { traceLevel } from "./boundary.js";
import { dateText } from "./dates.js";
import { drawLegend } from "./legend.js";
import { pointing } from "./pointing.js";
import { drawPoints, markPoint, radiusOf } from "./points.js";
import { aroundZero, byClass, byValue, createPainter } from "./surface.js";

/** The plot's height in terms of its width: a square, where it is small. */
const shapeOf = (width) => (width < 420 ? 1 : 0.86);

/** The most letters of a name with which two lists stand beside each other. */
const BESIDE = 11;

/**
 * @param {HTMLElement} root
 * @param {object} given
 * @param {() => object} given.palette
 * @param {(axes: number[]) => void} given.onAxes Other features shall span the plane.
 * @param {(row: number) => void} given.onOpen A row shall go into the formula view.
 * @param {(text: string) => void} given.announce
 */
export function createOutput(root, { palette, onAxes, onOpen, announce }) {
  const surface = h("canvas", { class: "tr-surface", role: "img", "aria-label": "Decision surface" });
  const dots = h("canvas", { class: "tr-dots", "aria-hidden": "true" });
  const plot = h(
    "div",
    {
      class: "tr-plot",
      tabindex: 0,
      role: "application",
      "aria-roledescription": "plot of points",
      "aria-label": "Rows of the table. Arrow keys go from point to point, Enter opens a row in the formula view.",
    },
    surface,
    dots,
  );
  const axes = svg("svg", { class: "tr-axes", "aria-hidden": "true" });
  const frame = h("div", { class: "tr-plot-frame" }, axes, plot);
  const caption = h("p", { class: "tr-caption" });
  const hint = h("p", { class: "tr-point" });
  const legend = h("div", { class: "tr-legend" });
  const selects = [0, 1].map((i) => h("select", { class: "field", onchange: () => chooseAxes(i) }));
  const choices = h(
    "div",
    { class: "tr-pair" },
    ["x axis", "y axis"].map((name, i) => h("label", {}, h("span", { class: "field-label" }, name), selects[i])),
  );
  const empty = h("p", { class: "tr-empty", hidden: true });
  root.append(caption, frame, empty, hint, legend, choices);

  const paint = createPainter();
  let run = null;
  let last = null; // the newest surface, to be drawn again in other colours or sizes
  let unit = null; // the hidden unit that is shown in the output's place
  let size = { width: 0, height: 0 };

  const tell = calmly(1000, (text) => describe(surface, text));
  const ranges = () => last?.surface?.range ?? rangeOfPoints(run?.points);
  const numbers = () => scaleOf(run, last?.surface);
  /** What spans the plane: its name, and whether it is a date. */
  const features = () => run.axes.map((axis) => run.axes_choices.find(({ index }) => index === axis));
  const scene = () =>
    run?.points && size.width
      ? { points: run.points, place: placer(ranges(), size.width, size.height), ...size }
      : null;
  const pointer = pointing(plot, { scene, onChoose: showPoint, onOpen: (index) => onOpen(run.points.rows[index]) });

  function prepare(next) {
    run = next;
    last = null;
    unit = null;
    pointer.forget();
    for (const [i, select] of selects.entries()) {
      select.replaceChildren(
        ...run.axes_choices.map(({ index, name }) =>
          h("option", { value: index, selected: index === run.axes?.[i] }, name),
        ),
      );
    }
    choices.hidden = run.axes_choices.length < 3;
    choices.classList.toggle("is-long", run.axes_choices.some(({ name }) => name.length > BESIDE));
    frame.hidden = !run.points;
    empty.hidden = Boolean(run.points);
    legend.hidden = caption.hidden = hint.hidden = !run.points;
    say(empty, "A surface needs two features, and this table has one.");
    showPoint(null);
    redraw();
  }

  function chooseAxes(changed) {
    const pair = selects.map((select) => Number(select.value));
    if (pair[0] === pair[1]) {
      pair[1 - changed] = run.axes[changed === 0 ? 0 : 1]; // the other axis takes what this one had
      selects[1 - changed].value = pair[1 - changed];
    }
    onAxes(pair);
  }

  function showPoint(index, how) {
    drawDots();
    if (index === null || index === undefined) {
      say(hint, run?.points ? "Click a point to see its forward and backward pass." : "");
      return;
    }
    const { points } = run;
    const [x, y] = [points.x[index], points.y[index]];
    const [across, up] = features();
    const target = run.task === "regression" ? short(points.target[index]) : run.classes[points.target[index]];
    const places = `${placeOf(across, x, ranges().x)}, ${placeOf(up, y, ranges().y)}`;
    const told = `${points.part[index] ? "Validation" : "Training"} row: ${places}, ${run.target} ${target}`;
    say(hint, told);
    if (how === "keys") announce(told);
  }

  function redraw() {
    const width = Math.floor(frame.clientWidth - MARGIN.left - MARGIN.right);
    if (!run?.points || width < 40) return;
    size = { width, height: Math.round(width * shapeOf(width)) };
    for (const [name, value] of [
      ["width", size.width],
      ["height", size.height],
    ])
      plot.style.setProperty(name, `${value}px`);
    frame.style.setProperty("height", `${size.height + MARGIN.top + MARGIN.bottom}px`);
    drawAxes(axes, { range: ranges(), features: features(), ...size });
    drawLegend(legend, run, palette(), numbers());
    drawSurface();
    drawDots();
  }

  function drawSurface() {
    const context = sized(surface, size.width, size.height);
    if (!last) return tell("Surface: the first frame of this run is on its way.");
    if (!last.surface) return tell("Surface: not there, a prediction is not finite.");
    if (unit) drawUnit(context);
    else drawOutput(context);
  }

  function drawOutput(context) {
    const { kind, size: grid, low, high, data } = last.surface;
    const values = bytes(data);
    const colours = palette();
    if (kind === "classes")
      paint(
        context,
        grid,
        size.width,
        size.height,
        byClass(bytes(last.surface.class), values, run.classes.length, colours.certain),
      );
    else if (kind === "binary")
      paint(context, grid, size.width, size.height, byValue(values, { low, high }, [0, 1], colours.diverging));
    else paint(context, grid, size.width, size.height, byValue(values, { low, high }, numbers(), colours.numbers));
    if (kind === "binary") drawBoundary(context, values, grid, 127.5);
    say(caption, captionOf(run, kind));
    tell(
      `${kind === "number" ? "Regression" : "Decision"} surface at epoch ${last.epoch}: ${shares(run, last.surface, values)}`,
    );
  }

  function drawUnit(context) {
    const { layer, index } = unit;
    const units = last.units;
    if (!units?.layers[layer]?.[index]) return;
    const [low, high] = [units.low[layer][index], units.high[layer][index]];
    paint(
      context,
      units.size,
      size.width,
      size.height,
      byValue(bytes(units.layers[layer][index]), { low, high }, aroundZero(low, high), palette().diverging),
    );
    const told = `Unit ${index + 1} of layer ${layer + 1}: ${short(low, 2)} … ${short(high, 2)}`;
    say(caption, `${told}, pale at 0`);
    tell(`Surface at epoch ${last.epoch}. ${told}.`);
  }

  function drawBoundary(context, values, grid, level) {
    context.beginPath();
    traceLevel(context, values, grid, size.width, size.height, level);
    context.strokeStyle = palette().ink;
    context.lineWidth = 1.5;
    context.stroke();
  }

  function drawDots() {
    const now = scene();
    if (!now) return;
    const context = sized(dots, size.width, size.height);
    const range = run.task === "regression" ? numbers() : null;
    drawPoints(context, palette(), run.points, now.place, range, size.width);
    if (pointer.chosen === null) return;
    const i = pointer.chosen;
    markPoint(
      context,
      palette(),
      ...now.place(run.points.x[i], run.points.y[i]),
      radiusOf(size.width, run.points.x.length),
    );
  }

  new ResizeObserver(redraw).observe(frame);
  return {
    prepare,
    redraw,
    draw(next) {
      // A frame from before the axes were changed may come late.
      if (next.surface && next.surface.axes.join() !== run.axes.join()) return;
      const before = JSON.stringify(last?.surface?.range);
      last = next;
      if (before !== JSON.stringify(next.surface?.range)) redraw();
      else if (size.width) drawSurface();
    },
    /** Other features span the plane now. */
    turn(points, pair) {
      Object.assign(run, { points, axes: pair });
      last = null;
      pointer.forget();
      showPoint(null);
      redraw();
    },
    /** Lets the lists say which features span the plane. */
    showAxes() {
      for (const [i, select] of selects.entries()) if (run?.axes) select.value = run.axes[i];
    },
    /** Shows a hidden unit in the output's place, or with null the output again. */
    showUnit(which) {
      unit = which;
      if (last && size.width) drawSurface();
    },
  };
}

function rangeOfPoints(points) {
  const around = (values) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const room = 0.08 * (high - low || 1);
    return [low - room, high + room];
  };
  return points ? { x: around(points.x), y: around(points.y) } : { x: [0, 1], y: [0, 1] };
}

/** The numbers that the colours of a regression reach over: those of the table, whatever the network says yet. */
const scaleOf = (run, surface) => run?.target_range ?? [surface?.low ?? 0, surface?.high ?? 1];

const placeOf = ({ name, is_date: isDate }, value, range) =>
  `${name} ${isDate ? dateText(value) : plain(value, range)}`;

function captionOf(run, kind) {
  if (kind === "number") return `Predicted ${run.target}; points have that of their row`;
  if (kind === "binary") return `Probability of ${run.classes[1]}, with the line at ½`;
  return "Likeliest class, paler where less sure";
}

function shares(run, surface, values) {
  if (surface.kind === "number")
    return `predictions of ${run.target} from ${short(surface.low, 3)} to ${short(surface.high, 3)}.`;
  const classes = surface.kind === "classes" ? bytes(surface.class) : values.map((value) => (value > 127 ? 1 : 0));
  const counts = run.classes.map((_, k) => classes.reduce((sum, found) => sum + (found === k), 0));
  return `${run.classes.map((name, k) => `${name} in ${Math.round((100 * counts[k]) / classes.length)} % of the plane`).join(", ")}.`;
}
