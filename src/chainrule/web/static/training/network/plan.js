// Where the nodes of a network stand: columns from left to right, each centred; what does not fit is left out and counted.

/** Nodes of a column that are drawn. */
const MOST = 10;
/** Height of what stands above a column: beside each other, or below each other where columns are close. */
const [HEAD, HEAD_DENSE] = [62, 86];
const FOOT = 8;
/** Height that the nodes of a column may take up, where they are few. */
const [TALL, TALLEST] = [360, 500];
/** The least distance between two columns: on a wide screen, on a narrow one, and where these do not suffice. */
const [WIDE, NARROW, DENSE] = [78, 69, 54];
/** What a second digit in a heading takes. */
const DIGIT = 8;
const SMALL = 34;

/**
 * @typedef {{kind: string, layer: number, names: string[], indices: number[], left: number, x: number, y: number[],
 *   rest: number}} Column `left` nodes are not drawn; that is said at the height `rest`.
 */

/**
 * @param {object} run
 * @param {number} room The width in pixels.
 * @returns {{width: number, height: number, node: number, isDense: boolean, spare: {before: number, after: number}, columns: Column[]}}
 */
export function planOf(run, room) {
  const columns = [
    inputs(run),
    ...run.layers.map((layer, i) => (i + 1 < run.layers.length ? units(layer, i) : outputs(run, i))),
  ];
  const most = Math.max(...columns.map((column) => column.indices.length + (column.left ? 0.6 : 0)));
  const usual = room < 420 ? SMALL : room > 800 ? 52 : most > 6 ? 38 : 46;
  // Names of inputs and outputs stand outside.
  const spare = { before: besides(columns[0], room), after: besides(columns.at(-1), room) };
  const needed = (distance, size) => (columns.length - 1) * distance + size + spare.before + spare.after;
  const hasDigits = run.layers.slice(0, -1).some(({ units }) => units > 9);
  const isDense = needed((room < 420 ? NARROW : WIDE) + (hasDigits ? DIGIT : 0), usual) > room;
  const node = isDense ? SMALL : usual;
  const step = Math.min(Math.max((room > 800 ? TALLEST : TALL) / most, node + 9), node + 34);
  const head = isDense ? HEAD_DENSE : HEAD;
  const width = Math.max(room, needed(DENSE, node)); // what does not fit then, scrolls
  const height = head + Math.max(3, most) * step + FOOT;
  columns.forEach((column, i) => {
    column.x = spare.before + node / 2 + (i / (columns.length - 1)) * (width - spare.before - spare.after - node);
    const rows = column.indices.length + (column.left ? 0.6 : 0);
    const top = head + (height - head - FOOT - rows * step) / 2 + step / 2;
    column.y = column.indices.map((_, k) => top + k * step);
    column.rest = top + column.indices.length * step - step / 2 + 10;
  });
  return { width, height, node, columns, spare, isDense };
}

/** Room for the longest name of a column, on one or two lines; a heading needs some as well. */
const besides = ({ names }, room) =>
  Math.min(Math.max(28, 14 + 7 * Math.max(...names.map((name) => name.length))), room > 800 ? 128 : room > 420 ? 108 : 92);

function inputs(run) {
  const first = [...new Set([...(run.axes ?? []), ...run.features.keys()])].slice(0, MOST).sort((a, b) => a - b);
  return {
    kind: "input",
    layer: -1,
    indices: first,
    left: run.features.length - first.length,
    names: first.map((i) => run.features[i]),
  };
}

function units(layer, i) {
  const indices = [...Array(Math.min(layer.units, MOST)).keys()];
  return { kind: "unit", layer: i, indices, left: layer.units - indices.length, names: indices.map((k) => `${k + 1}`) };
}

function outputs(run, i) {
  const names = run.task === "multiclass" ? run.classes : run.task === "binary" ? [run.classes[1]] : [run.target];
  const indices = [...names.keys()].slice(0, MOST);
  return {
    kind: "output",
    layer: i,
    indices,
    left: names.length - indices.length,
    names: indices.map((k) => names[k]),
  };
}
