// What the user wants to train, as one object; it goes into the address and comes back from it.

import { rangesOf, within } from "./ranges.js";

const COUNTS = /^\d{1,3}(,\d{1,3})*$/;
/** What an address calls a table of the user's own, and the most letters that a name of one has. */
const OWN = "own";
const LONGEST = 120;

/**
 * The wishes of an address, filled up with those of the server; what does not make sense is left out, and what goes
 * beyond a range is its end. A link to an own table brings its name only: `awaited`, until some data are chosen.
 */
export function readWishes(query, catalog) {
  const wishes = structuredClone(catalog.defaults);
  const ranges = rangesOf(catalog.limits);
  const found = catalog.datasets.find((set) => set.id === query.get("data"));
  if (found) wishes.source = sourceOf(found, wishes.source);
  const { source, settings } = wishes;
  if (source.kind === "generated") {
    source.rows = inRange(query, "rows", source.rows, ranges);
    source.noise = inRange(query, "noise", source.noise, ranges);
    source.seed = inRange(query, "data-seed", source.seed, ranges);
  }
  choice(query, "model", catalog.models, (model) => (settings.model = model));
  if (COUNTS.test(query.get("hidden") ?? ""))
    settings.hidden = query.get("hidden").split(",").map(Number).filter(Boolean);
  settings.hidden = settings.hidden
    .slice(0, catalog.limits.hidden_layers)
    .map((units) => Math.min(units, catalog.limits.hidden_units));
  choice(query, "activation", catalog.activations, (name) => (settings.activation = name));
  choice(
    query,
    "loss",
    Object.values(catalog.losses)
      .flat()
      .map(({ id }) => id),
    (name) => (settings.loss = name),
  );
  choice(
    query,
    "optimizer",
    catalog.optimizers.map(({ id }) => id),
    (name) => (settings.optimizer = name),
  );
  settings.lr = number(query, "lr", settings.lr, 1e-9, 1e6);
  settings.l2 = number(query, "l2", settings.l2, 0, 1e6);
  settings.batch_size = whole(query, "batch", settings.batch_size, 1, catalog.limits.batch_size);
  settings.validation_split = inRange(query, "split", settings.validation_split, ranges);
  settings.seed = inRange(query, "seed", settings.seed, ranges);
  return { ...wishes, axes: axes(query.get("axes")), awaited: awaited(query) };
}

/** The query of an address that says all this. An own table stays where it is: a link holds its name. */
export function writeWishes({ source, settings, axes: pair, awaited: table = null }) {
  const query = new URLSearchParams();
  const own = source.kind === "upload" ? source.name : table;
  query.set("data", own === null ? source.name : OWN);
  if (own) query.set("table", own);
  if (own === null && source.kind === "generated") {
    query.set("rows", source.rows);
    query.set("noise", source.noise);
    query.set("data-seed", source.seed);
  }
  query.set("model", settings.model);
  if (hasLayers(settings)) {
    query.set("hidden", settings.hidden.join(","));
    query.set("activation", settings.activation);
  }
  for (const name of ["loss", "optimizer", "lr", "l2", "seed"]) query.set(name, settings[name]);
  query.set("batch", settings.batch_size);
  query.set("split", settings.validation_split);
  if (pair) query.set("axes", pair.join(","));
  return query;
}

/** The source of a data set; what was chosen for generated ones before is kept. */
export function sourceOf({ id, kind }, before) {
  if (kind !== "generated") return { kind, name: id };
  return { kind, name: id, rows: before.rows ?? 200, noise: before.noise ?? 0.1, seed: before.seed ?? 0 };
}

/** The model with hidden layers, and the one without. */
export const [DEEP, PLAIN] = ["perceptron", "logistic"];

/** Whether a network with hidden layers is wanted. */
export const hasLayers = ({ model }) => model === DEEP;

/** Whether an address is that of an own table of this name. */
export const isOwn = (query, name) => query.get("data") === OWN && query.get("table") === name;

const whole = (...asked) => Math.round(number(...asked));

const inRange = (query, key, otherwise, ranges) => within(ranges[key], number(query, key, otherwise, -1e9, 1e9));

function number(query, key, otherwise, least, most) {
  const text = query.get(key);
  const value = Number(text);
  return text && Number.isFinite(value) ? Math.min(Math.max(value, least), most) : otherwise;
}

function choice(query, key, values, use) {
  if (values.includes(query.get(key))) use(query.get(key));
}

/** Two different features; whether the table has them, shows when it is read. */
function axes(text) {
  const pair = /^\d{1,5},\d{1,5}$/.test(text ?? "") ? text.split(",").map(Number) : null;
  return pair && pair[0] !== pair[1] ? pair : null;
}

/** The name of the own table that a link is about, which may be empty; null where it is about none. */
const awaited = (query) => (query.get("data") === OWN ? (query.get("table") ?? "").slice(0, LONGEST) : null);
