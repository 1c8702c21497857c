// The user's own table: dropped, or chosen as a file.
import { freshId, h, say } from "../../common/dom.js";

const PROMPT = "Drop a CSV file here, or choose one";

/**
 * @param {object} given
 * @param {{upload_bytes?: number}} given.limits
 * @param {HTMLElement} given.area Where a file may be dropped.
 * @param {(file: File) => void} given.onFile
 * @param {() => void} given.onColumns The columns of the table shall be shown again.
 */
export function createUpload({ limits, area, onFile, onColumns }) {
  const id = freshId("own");
  const most = limits.upload_bytes ? `up to ${Math.floor(limits.upload_bytes / 1024 ** 2)} MB; ` : "";
  const input = h("input", {
    id,
    type: "file",
    class: "visually-hidden",
    accept: ".csv,.tsv,.txt,.parquet,.gz",
    "aria-describedby": `${id}-note`,
    onchange: () => take(input.files),
  });
  const name = h("span", { class: "tr-file" }, PROMPT);
  const zone = h("label", { class: "tr-drop", for: id }, h("span", { class: "visually-hidden" }, "Own data: "), name);
  const columns = h("button", { type: "button", class: "button", hidden: true, onclick: onColumns });
  const absent = h("p", { class: "notice", role: "status", hidden: true });
  let used = null;
  const element = h(
    "div",
    { class: "tr-own-data" },
    h("h3", {}, "Own data"),
    input,
    zone,
    columns,
    h(
      "p",
      { id: `${id}-note`, class: "tr-faint" },
      `CSV, TSV or Parquet, ${most}it stays in this computer's memory and goes with this tab.`,
    ),
  );

  function take(files) {
    if (!files?.length) return;
    onFile(files[0]);
    input.value = ""; // so that the same file can be chosen again after it was changed
  }

  for (const kind of ["dragenter", "dragover"]) {
    area.addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      zone.classList.add("is-over");
    });
  }
  area.addEventListener("dragleave", (event) => area.contains(event.relatedTarget) || zone.classList.remove("is-over"));
  area.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    zone.classList.remove("is-over");
    take(event.dataTransfer.files);
  });
  return {
    element,
    /** To be shown above all data: which table a link is about, that did not come with it. */
    absent,
    /** Says that a file is on its way; null when it has come, or was refused. */
    reading: (file) => say(name, file === null ? (used ?? PROMPT) : `Reading ${file} …`),
    /** Offers the columns of the newest table that was read. */
    offer(table) {
      say(columns, `Columns of ${table}`);
      columns.hidden = false;
    },
    /** Shows which table is in use, and which one is `absent`; null for none. */
    set(table, awaited) {
      used = table;
      say(name, used ?? PROMPT);
      zone.classList.toggle("is-used", used !== null);
      absent.hidden = awaited === null;
      if (awaited !== null) say(absent, absence(awaited));
    },
  };
}

/** Why a link to an own table shows another one. */
const absence = (name) =>
  `This link is about a table of its own${name ? `, ${name}` : ""}, which does not go with a link: choose the file again. Its settings are kept.`;
