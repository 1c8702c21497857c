// The rows of the table as points: training rows filled, validation rows as rings.
import { classColour, numberColour } from "../palette.js";
import { traceShape } from "./shapes.js";

/** Radius of a point in a plot of this width, smaller where there are many. */
export const radiusOf = (width, count) => Math.max(2.2, Math.min(5, width / 75) * (count > 400 ? 0.75 : 1));

/** Draws one point in its colour and shape. */
export function drawPoint(context, palette, { x, y, target, isValidation, range, radius, ink = null }) {
  const isNumber = range !== null;
  const colour = ink ?? (isNumber ? numberColour(palette, target, range) : classColour(palette, target));
  context.beginPath();
  traceShape(context, isNumber ? 0 : target, x, y, radius);
  if (isNumber) {
    context.fillStyle = colour;
    context.strokeStyle = isValidation ? palette.ink : palette.paper;
    context.lineWidth = isValidation ? 2 : 1.25;
    context.fill();
    context.stroke();
    return;
  }
  context.lineWidth = isValidation ? 5 : 2.5;
  context.strokeStyle = palette.paper;
  context.stroke();
  context.fillStyle = isValidation ? palette.paper : colour;
  context.fill();
  if (!isValidation) return;
  context.lineWidth = 2;
  context.strokeStyle = colour;
  context.stroke();
}

/** Draws all points; `place` turns the numbers of a point into pixels. */
export function drawPoints(context, palette, points, place, range, width) {
  const radius = radiusOf(width, points.x.length);
  for (let i = 0; i < points.x.length; i += 1) {
    const [x, y] = place(points.x[i], points.y[i]);
    drawPoint(context, palette, { x, y, target: points.target[i], isValidation: points.part[i] === 1, range, radius });
  }
}

/** Marks the chosen point with two rings, which are seen on every ground. */
export function markPoint(context, palette, x, y, radius) {
  for (const [width, colour] of [
    [5, palette.paper],
    [2.5, palette.ink],
  ]) {
    context.beginPath();
    context.arc(x, y, radius + 6, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
}

/** The point nearest to a place, or null where none is within reach. */
export function nearest(points, place, x, y, reach = 14) {
  let [found, least] = [null, reach ** 2];
  for (let i = 0; i < points.x.length; i += 1) {
    const [px, py] = place(points.x[i], points.y[i]);
    const distance = (px - x) ** 2 + (py - y) ** 2;
    if (distance < least) [found, least] = [i, distance];
  }
  return found;
}

/** The next point in a direction: the nearest of those that lie more that way than aside. */
export function neighbour(points, place, from, [dx, dy]) {
  const [x, y] = place(points.x[from], points.y[from]);
  let [found, least] = [from, Infinity];
  for (let i = 0; i < points.x.length; i += 1) {
    const [px, py] = place(points.x[i], points.y[i]);
    const ahead = (px - x) * dx + (py - y) * dy;
    const aside = Math.abs((px - x) * dy) + Math.abs((py - y) * dx);
    if (i === from || ahead <= 0 || aside > 2 * ahead) continue;
    const distance = ahead + 2 * aside;
    if (distance < least) [found, least] = [i, distance];
  }
  return found;
}
