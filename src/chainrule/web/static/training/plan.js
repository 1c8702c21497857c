// Where the nodes of a network stand: columns from left to right, each centred; what does not fit is left out and counted.

/** Nodes of a column that are drawn. */
const MOST = 8;
const HEAD = 62;
const FOOT = 8;

/**
 * @param {object} run
 * @param {number} room The width in pixels.
 * @returns {{width: number, height: number, node: number, columns: {kind: string, layer: number, names: string[], indices: number[], left: number, hidden: number, x: number, y: number[]}[]}}
 */
export function planOf(run, room) {
  const columns = [inputs(run), ...run.layers.map((layer, i) => (i + 1 < run.layers.length ? units(layer, i) : outputs(run, i)))];
  const most = Math.max(...columns.map((column) => column.indices.length + (column.left ? 0.6 : 0)));
  const node = room < 420 ? 34 : most > 6 ? 38 : 44;
  const step = node + (most > 6 ? 12 : 18);
  const spare = { before: 74, after: 74 }; // names of inputs and outputs stand outside
  const least = columns.length * Math.max(node + 46, 96);
  const width = Math.max(room, least + spare.before + spare.after - 96);
  const height = HEAD + Math.max(3, most) * step + FOOT;
  columns.forEach((column, i) => {
    column.x = spare.before + node / 2 + (i / (columns.length - 1)) * (width - spare.before - spare.after - node);
    const rows = column.indices.length + (column.left ? 0.6 : 0);
    const top = HEAD + (height - HEAD - FOOT - rows * step) / 2 + step / 2;
    column.y = column.indices.map((_, k) => top + k * step);
    column.rest = top + column.indices.length * step - step / 2 + 10;
  });
  return { width, height, node, columns };
}

function inputs(run) {
  const first = [...new Set([...(run.axes ?? []), ...run.features.keys()])].slice(0, MOST).sort((a, b) => a - b);
  return { kind: "input", layer: -1, indices: first, left: run.features.length - first.length, names: first.map((i) => run.features[i]) };
}

function units(layer, i) {
  const indices = [...Array(Math.min(layer.units, MOST)).keys()];
  return { kind: "unit", layer: i, indices, left: layer.units - indices.length, names: indices.map((k) => `${k + 1}`) };
}

function outputs(run, i) {
  const names = run.task === "multiclass" ? run.classes : run.task === "binary" ? [run.classes[1]] : [run.target];
  const indices = [...names.keys()].slice(0, MOST + 2);
  return { kind: "output", layer: i, indices, left: names.length - indices.length, names: indices.map((k) => names[k]) };
}
