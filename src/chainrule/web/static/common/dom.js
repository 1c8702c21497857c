// Elements in one expression, and what is changed in them.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.replace(/^on/, ""), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** An element of HTML: `h("button", {type: "button", onclick: go}, "Go")`. Texts are never read as markup. */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** Changes a text only where it differs, so that nothing is laid out or read out in vain. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Gives an image its words only where they differ. */
export function describe(node, text) {
  if (node.getAttribute("aria-label") !== text) node.setAttribute("aria-label", text);
}

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

/**
 * Give the focus away after a choice by pointer: who chooses so wants to go on, and the arrow keys shall not choose
 * again. Who chooses by keyboard stays where they are. `area` is what is pressed: a label, or the control itself.
 */
export function releaseAfterPointer(control, area = control) {
  let isPointed = false;
  area.addEventListener("pointerdown", () => (isPointed = true));
  control.addEventListener("keydown", () => (isPointed = false));
  control.addEventListener("change", () => isPointed && control.blur());
}

let count = 0;

/** An id that nothing else in the page has. */
export function freshId(stem = "id") {
  count += 1;
  return `${stem}-${count}`;
}
