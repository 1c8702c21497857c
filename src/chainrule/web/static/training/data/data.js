// Which table is learnt: a generated one, one that is bundled, or the user's own.
import { freshId, h, releaseAfterPointer } from "../../common/dom.js";
import { slider } from "../fields.js";
import { counted, whole } from "../numbers.js";
import { rangesOf } from "../ranges.js";
import { sourceOf } from "../wishes.js";
import { thumbnail } from "./thumbnails.js";
import { createUpload } from "./upload.js";

/**
 * @param {HTMLElement} root
 * @param {object} given
 * @param {object} given.catalog What the server has.
 * @param {(change: (wishes: object) => void) => void} given.onChange
 * @param {HTMLElement} given.area Where a file may be dropped.
 * @param {(file: File) => void} given.onFile
 * @param {() => void} given.onColumns
 */
export function createData(root, { catalog, area, onChange, onFile, onColumns }) {
  const name = freshId("data");
  const generated = catalog.datasets.filter((set) => set.kind === "generated");
  const bundled = catalog.datasets.filter((set) => set.kind !== "generated");
  const choose = (set) =>
    onChange((wishes) =>
      Object.assign(wishes, { source: sourceOf(set, { ...kept, ...wishes.source }), axes: null, awaited: null }),
    );
  const pictures = generated.map((set) => thumbnail(set, { name, onChoose: choose }));
  const list = bundled.map((set) => entry(set, name, choose));
  const upload = createUpload({ limits: catalog.limits, area, onFile, onColumns });
  let kept = catalog.defaults.source;

  const change = (key) => (value) => onChange((wishes) => (wishes.source[key] = value));
  const ranges = rangesOf(catalog.limits);
  const sliders = {
    rows: slider({ label: "Rows", ...ranges.rows, told: whole, onChange: change("rows") }),
    noise: slider({ label: "Noise", ...ranges.noise, told: (value) => value.toFixed(2), onChange: change("noise") }),
    seed: slider({ label: "Data seed", ...ranges["data-seed"], told: String, onChange: change("seed") }),
  };
  const setting = (key) => (value) => onChange(({ settings }) => (settings[key] = value));
  const run = {
    validation_split: slider({
      label: "Validation share",
      ...ranges.split,
      told: (value) => `${Math.round(100 * value)} %`,
      onChange: setting("validation_split"),
    }),
    seed: slider({ label: "Seed", ...ranges.seed, told: String, onChange: setting("seed") }),
  };
  const details = h("div", { class: "tr-sliders" }, elements(sliders));
  const group = h(
    "fieldset",
    { class: "tr-sets" },
    h("legend", { class: "visually-hidden" }, "Data"),
    h(
      "div",
      { class: "tr-thumbnails" },
      pictures.map(({ element }) => element),
    ),
    details,
    h("h3", {}, "Real data"),
    h(
      "div",
      { class: "tr-list" },
      list.map(({ element }) => element),
    ),
  );
  root.append(
    h("h2", {}, "Data"),
    upload.absent,
    group,
    upload.element,
    h("h3", {}, "Split and first weights"),
    h("div", { class: "tr-sliders" }, elements(run)),
  );

  return {
    upload,
    /** Shows what is chosen. */
    set({ source, settings, awaited = null }) {
      if (source.kind === "generated") kept = source;
      for (const { id, input } of [...pictures, ...list])
        input.checked = source.kind !== "upload" && source.name === id;
      details.hidden = source.kind !== "generated";
      if (source.kind === "generated") for (const [key, one] of Object.entries(sliders)) one.set(source[key]);
      for (const [key, one] of Object.entries(run)) one.set(settings[key]);
      upload.set(source.kind === "upload" ? source.name : null, awaited);
    },
    /** Draws the pictures of the generated tables. */
    take(previews, palette) {
      for (const picture of pictures) if (previews[picture.id]) picture.take(previews[picture.id], palette);
    },
    recolour: (palette) => pictures.forEach((picture) => picture.draw(palette)),
  };
}

const elements = (fields) => Object.values(fields).map(({ element }) => element);

function entry(set, name, choose) {
  const input = h("input", { type: "radio", name, value: set.id, onchange: () => choose(set) });
  const kind = set.task === "regression" ? "a number" : counted(set.classes, "class", "classes");
  const facts = `${whole(set.rows)} rows, ${counted(set.features, "feature")}, ${kind}`;
  const element = h(
    "label",
    { class: "tr-set", title: set.note },
    input,
    h("span", {}, h("span", { class: "tr-set-title" }, set.title), h("small", {}, facts)),
  );
  releaseAfterPointer(input, element);
  return { id: set.id, element, input };
}
