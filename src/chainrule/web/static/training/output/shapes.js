// A shape for each class, so that points are told apart without colour.
const polygon = (corners, turn = 0, inner = 1) =>
  Array.from({ length: corners }, (_, i) => {
    const angle = turn + (2 * Math.PI * i) / corners - Math.PI / 2;
    const radius = i % 2 ? inner : 1;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
const cross = [
  [-0.35, -1],
  [0.35, -1],
  [0.35, -0.35],
  [1, -0.35],
  [1, 0.35],
  [0.35, 0.35],
  [0.35, 1],
  [-0.35, 1],
  [-0.35, 0.35],
  [-1, 0.35],
  [-1, -0.35],
  [-0.35, -0.35],
];
const turned = cross.map(([x, y]) => [0.75 * (x - y), 0.75 * (x + y)]);

const SHAPES = [
  { name: "circle", corners: null, size: 0.95 },
  { name: "square", corners: polygon(4, Math.PI / 4), size: 1.15 },
  { name: "triangle", corners: polygon(3), size: 1.25 },
  { name: "diamond", corners: polygon(4), size: 1.2 },
  { name: "triangle pointing down", corners: polygon(3, Math.PI), size: 1.25 },
  { name: "plus", corners: cross, size: 1.05 },
  { name: "cross", corners: turned, size: 1.05 },
  { name: "star", corners: polygon(10, 0, 0.45), size: 1.35 },
  { name: "pentagon", corners: polygon(5), size: 1.1 },
  { name: "hexagon", corners: polygon(6), size: 1.1 },
];

/** What the shape of a class is called. */
export const shapeName = (k) => SHAPES[k % SHAPES.length].name;

/** Adds the shape of class k to the context's path. */
export function traceShape(context, k, x, y, radius) {
  const { corners, size } = SHAPES[k % SHAPES.length];
  const r = radius * size;
  if (!corners) {
    context.moveTo(x + r, y);
    context.arc(x, y, r, 0, 2 * Math.PI);
    return;
  }
  corners.forEach(([dx, dy], i) =>
    i ? context.lineTo(x + r * dx, y + r * dy) : context.moveTo(x + r * dx, y + r * dy),
  );
  context.closePath();
}
