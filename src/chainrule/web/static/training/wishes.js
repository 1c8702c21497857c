// What the user wants to train, as one object; it goes into the address and comes back from it.

const COUNTS = /^\d{1,3}(,\d{1,3})*$/;

/** The wishes of an address, filled up with those of the server; what does not make sense is left out. */
export function readWishes(query, catalog) {
  const wishes = structuredClone(catalog.defaults);
  const found = catalog.datasets.find((set) => set.id === query.get("data"));
  if (found) wishes.source = sourceOf(found, wishes.source);
  const { source, settings } = wishes;
  if (source.kind === "generated") {
    source.rows = whole(query, "rows", source.rows, 10, catalog.limits.generated_rows);
    source.noise = number(query, "noise", source.noise, 0, catalog.limits.noise);
    source.seed = whole(query, "data-seed", source.seed, 0, 2 ** 31);
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
  settings.validation_split = number(query, "split", settings.validation_split, 0, 0.9);
  settings.seed = whole(query, "seed", settings.seed, 0, 2 ** 31);
  return { ...wishes, axes: axes(query.get("axes")) };
}

/** The query of an address that says all this. An own table stays where it is: a link cannot hold it. */
export function writeWishes({ source, settings, axes: pair }) {
  const query = new URLSearchParams();
  if (source.kind !== "upload") query.set("data", source.name);
  if (source.kind === "generated") {
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

const whole = (...asked) => Math.round(number(...asked));

function number(query, key, otherwise, least, most) {
  const text = query.get(key);
  const value = Number(text);
  return text && Number.isFinite(value) ? Math.min(Math.max(value, least), most) : otherwise;
}

function choice(query, key, values, use) {
  if (values.includes(query.get(key))) use(query.get(key));
}

function axes(text) {
  return /^\d{1,5},\d{1,5}$/.test(text ?? "") ? text.split(",").map(Number) : null;
}
