// What the server sends of a run at one moment.

/** The bytes of a base64 text. */
export const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** Whether a frame is of this run: one of the run before may come late. */
export function fits(run, frame) {
  if (run.run !== undefined && frame.run !== undefined) return run.run === frame.run;
  const shapes = frame.weights.filter((part) => /^W\d+$/.test(part.name)).map((part) => part.shape.join("×"));
  return shapes.join() === run.layers.map((layer) => layer.shape.join("×")).join();
}

/** Weights and biases by layer: [{W, b}], null where there are too many to send. */
export function layersOf(frame) {
  const byName = Object.fromEntries(frame.weights.map((part) => [part.name, part.values]));
  const layers = [];
  for (let i = 1; `W${i}` in byName; i += 1) layers.push({ W: byName[`W${i}`], b: byName[`b${i}`]?.[0] ?? null });
  return layers;
}

/** The name of the second score, beside the loss. */
export const scoreName = (task) => (task === "regression" ? "R²" : "accuracy");

/** That score in what a frame says of some rows, or null. */
export const scoreOf = (scores, task) => (task === "regression" ? scores?.r2 : scores?.accuracy) ?? null;
