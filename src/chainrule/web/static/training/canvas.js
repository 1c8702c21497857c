// What all canvases need.

/** Makes a canvas of this size in CSS pixels, sharp on dense screens; returns its context in CSS pixels, cleared. */
export function sized(canvas, width, height) {
  const density = Math.min(devicePixelRatio || 1, 2);
  const [w, h] = [Math.round(width * density), Math.round(height * density)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const context = canvas.getContext("2d");
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** Changes a text only where it differs, so that nothing is laid out or read out in vain. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Gives an image its words only where they differ. */
export function describe(node, text) {
  if (node.getAttribute("aria-label") !== text) node.setAttribute("aria-label", text);
}
