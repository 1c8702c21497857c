// All that is drawn of a run: the network, its output, curves, matrix, histograms, equations, numbers.
import { calmly } from "../common/calm.js";
import { say } from "../common/dom.js";
import { factsOf } from "./facts.js";
import { createConfusion } from "./measures/confusion.js";
import { createCurves } from "./measures/curves.js";
import { createHistograms } from "./measures/histograms.js";
import { createEquations } from "./network/equations.js";
import { createNetwork } from "./network/network.js";
import { createWeights } from "./network/weights.js";
import { createOutput } from "./output/output.js";
import { readPalette } from "./palette.js";
import { layersOf } from "./run/frames.js";

/** Milliseconds between two drawings of charts, and of numbers to be read. */
const CHARTS = 80;
const NUMBERS = 250;

/**
 * @param {object} parts Of layout.js.
 * @param {object} given
 * @param {object} given.limits
 * @param {(axes: number[]) => void} given.onAxes
 * @param {(row: number) => void} given.onOpen
 * @param {(layer: number, change: 1 | -1) => void} given.onUnits
 * @param {(text: string) => void} given.announce
 */
export function createLooks(parts, { limits, onAxes, onOpen, onUnits, announce }) {
  let palette = readPalette(parts.output);
  let frame = null;
  const colours = () => palette;
  const output = createOutput(parts.output, { palette: colours, onAxes, onOpen, announce });
  const network = createNetwork(parts.network, { limits, palette: colours, onUnit: output.showUnit, onUnits });
  const curves = createCurves(parts.curves);
  const confusion = createConfusion(parts.confusion);
  const histograms = createHistograms(parts.histograms);
  const equations = createEquations(parts.equations);
  const weights = createWeights(parts.weights);

  const drawCharts = calmly(CHARTS, () => {
    if (!frame) return;
    curves.draw(frame.curves);
    confusion.draw(frame.confusion);
    histograms.draw(frame.histograms);
  });
  const drawNumbers = calmly(NUMBERS, () => {
    if (!frame) return;
    const layers = layersOf(frame);
    if (parts.folds.equations.open) equations.update(layers);
    if (parts.folds.weights.open) weights.update(layers);
  });
  for (const fold of Object.values(parts.folds)) fold.addEventListener("toggle", drawNumbers);

  return {
    get palette() {
      return palette;
    },
    prepare(run) {
      frame = null;
      for (const part of [output, network, curves, confusion, histograms, equations, weights]) part.prepare(run);
      say(parts.facts, factsOf(run));
    },
    draw(next) {
      frame = next;
      output.draw(frame);
      network.draw(frame);
      drawCharts();
      drawNumbers();
    },
    turn(points, axes) {
      output.turn(points, axes);
      network.rebuild();
      if (frame) output.draw(frame); // it may have come before the points
    },
    showAxes: output.showAxes,
    recolour() {
      palette = readPalette(parts.output);
      output.redraw();
      network.recolour();
    },
  };
}
