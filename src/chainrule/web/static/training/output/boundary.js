// The line where a grid of bytes crosses a level: marching squares, one cell after the other.

// Which sides of a cell the line joins, by its corners above the level: bits for top left, top right, bottom right, bottom left.
const TOP = 0;
const RIGHT = 1;
const BOTTOM = 2;
const LEFT = 3;
const SIDES = [
  [],
  [[LEFT, TOP]],
  [[TOP, RIGHT]],
  [[LEFT, RIGHT]],
  [[RIGHT, BOTTOM]],
  [
    [LEFT, TOP],
    [RIGHT, BOTTOM],
  ],
  [[TOP, BOTTOM]],
  [[LEFT, BOTTOM]],
  [[BOTTOM, LEFT]],
  [[TOP, BOTTOM]],
  [
    [TOP, RIGHT],
    [BOTTOM, LEFT],
  ],
  [[RIGHT, BOTTOM]],
  [[LEFT, RIGHT]],
  [[TOP, RIGHT]],
  [[LEFT, TOP]],
  [],
];

/** Adds the line to the context's path; the values are those of the middles of cells that fill the rectangle. */
export function traceLevel(context, values, [rows, columns], width, height, level = 127.5) {
  const [dx, dy] = [width / columns, height / rows];
  const share = (from, to) => (level - from) / (to - from);
  for (let row = 0; row + 1 < rows; row += 1) {
    for (let column = 0; column + 1 < columns; column += 1) {
      const at = row * columns + column;
      const [a, b, c, d] = [values[at], values[at + 1], values[at + columns + 1], values[at + columns]];
      const kind = (a > level) | ((b > level) << 1) | ((c > level) << 2) | ((d > level) << 3);
      for (const sides of SIDES[kind]) {
        const [from, to] = sides.map((side) => {
          if (side === TOP) return [column + share(a, b), row];
          if (side === RIGHT) return [column + 1, row + share(b, c)];
          if (side === BOTTOM) return [column + share(d, c), row + 1];
          return [column, row + share(a, d)];
        });
        context.moveTo((from[0] + 0.5) * dx, (from[1] + 0.5) * dy);
        context.lineTo((to[0] + 0.5) * dx, (to[1] + 0.5) * dy);
      }
    }
  }
}
