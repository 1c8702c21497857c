// What the columns of the own table are: shown, and changed where the user knows better.
import { newest } from "../../api.js";
import { freshId, h } from "../../common/dom.js";
import { problemNotice, sentence } from "../problem.js";
import { counted, whole } from "../numbers.js";
import { createSigns } from "./signs.js";

const NUMBERS = ["number", "integer"];
/** How a table is read of which the user has said nothing. */
const AS_FOUND = { types: {}, decimal: "auto", encoding: "utf-8" };

/**
 * @param {HTMLElement} root A section that is hidden until there is a table.
 * @param {object} given
 * @param {(table: number, target: string|null, reading: object) => Promise<object>} given.check Asks the server what the table is then.
 * @param {(source: object, task: string) => void} given.onUse With what is probably its task; the server knows for sure.
 * @param {(text: string) => void} given.announce
 */
export function createSchema(root, { check, onUse, announce }) {
  const title = h("h2", { tabindex: -1 });
  const facts = h("p", { class: "tr-faint" });
  const problem = h("div", { role: "alert" });
  const targetId = freshId("target");
  const target = h("select", { id: targetId, class: "field", onchange: () => again() });
  const signs = createSigns({ onChange: (decimal) => otherwise({ decimal }) });
  const table = h("table", { class: "tr-schema" });
  const choice = h("div", { class: "tr-use" });
  const use = h("button", { type: "button", class: "button is-main", onclick: finish }, "Use this data");
  const close = h("button", { type: "button", class: "button", onclick: () => (root.hidden = true) }, "Close");
  root.append(
    h("div", { class: "tr-card-head" }, title, close),
    facts,
    problem,
    signs.element,
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Columns of the table" }, table),
    choice,
  );
  const goal = h("span", { class: "tr-use" }, h("label", { for: targetId }, "Target"), target);
  choice.append(goal, use);
  let schema = null;
  let reading = AS_FOUND; // what the user wants
  let accepted = AS_FOUND; // and what the server took
  let otherwise = null; // has the table read in another way

  function show(next, { isNew = false, reading: used = AS_FOUND } = {}) {
    schema = next;
    if (isNew) reading = accepted = used;
    otherwise = again;
    signs.set(schema.decimal);
    root.hidden = false;
    problem.replaceChildren();
    goal.hidden = false;
    use.disabled = schema.target === null;
    title.textContent = schema.name;
    facts.textContent = [
      `${counted(schema.rows, "row")}, ${counted(schema.columns.length, "column")}.`,
      ...schema.notes.map((note) => sentence(note, schema.target)),
    ].join(" ");
    const options = schema.columns.map(({ name }) =>
      h("option", { value: name, selected: name === schema.target }, name),
    );
    if (schema.target === null) options.unshift(h("option", { value: "", disabled: true, selected: true }, "choose"));
    target.replaceChildren(...options);
    const head = ["Column", "Kind", "Missing", "Values", "Examples"].map((name) => h("th", { scope: "col" }, name));
    table.replaceChildren(h("thead", {}, h("tr", {}, head)), h("tbody", {}, schema.columns.map(row)));
    if (isNew) {
      title.focus({ preventScroll: true });
      root.scrollIntoView({ block: "nearest" });
      announce(`${schema.name}: ${facts.textContent} Target: ${schema.target ?? "none yet"}.`);
    }
  }

  function row(column) {
    const kind = h(
      "select",
      { class: "field", "aria-label": `Kind of ${column.name}`, onchange: () => retyped(column.name, kind.value) },
      column.kinds.map((name) => h("option", { selected: name === column.kind }, name)),
    );
    const isTarget = column.name === schema.target;
    return h(
      "tr",
      { class: isTarget ? "is-target" : column.kind === "ignored" || column.kind === "text" ? "is-left-out" : null },
      h("th", { scope: "row" }, column.name, isTarget ? h("small", {}, "target") : null),
      h("td", {}, kind),
      h("td", { class: "tr-digits" }, column.missing ? whole(column.missing) : "–"),
      h("td", {}, column.detail),
      h(
        "td",
        { class: NUMBERS.includes(column.kind) ? "tr-examples tr-digits" : "tr-examples" },
        column.examples.join(", "),
      ),
    );
  }

  const ask = newest(async ({ wanted, asked }) => {
    try {
      const next = await check(schema.table, wanted, asked);
      accepted = asked;
      if (root.hidden) return void (schema = next); // the table is used, or closed
      const focused = document.activeElement?.getAttribute("aria-label");
      show(next);
      for (const field of table.querySelectorAll("select"))
        if (field.getAttribute("aria-label") === focused) field.focus();
    } catch (error) {
      if (reading === asked) reading = accepted;
      if (root.hidden) return;
      show(schema);
      problem.replaceChildren(problemNotice(error));
    }
  }, Infinity);

  const retyped = (name, kind) => otherwise({ types: { ...reading.types, [name]: kind } });

  /** Asks the server again: with another target, or read in another way. */
  function again(changed = {}) {
    reading = { ...reading, ...changed };
    ask({ wanted: target.value || null, asked: reading });
  }

  function finish() {
    root.hidden = true;
    const { kind } = schema.columns.find((column) => column.name === target.value);
    const { table: number, name } = schema;
    onUse(
      { kind: "upload", table: number, name, target: target.value, ...reading },
      kind === "number" ? "regression" : "binary",
    );
  }

  return {
    show,
    /** A file that is no table: says why, in place of its columns; it may be read in another way. */
    refuse(name, error, { reading: used = AS_FOUND, onRead }) {
      root.hidden = false;
      title.textContent = name;
      facts.textContent = "";
      table.replaceChildren();
      goal.hidden = true;
      use.disabled = true;
      reading = used;
      otherwise = (changed) => onRead({ ...reading, ...changed });
      signs.set(error.about ? used.decimal : null);
      const { about: column, encoding } = error;
      const button = (name, onclick) => h("button", { type: "button", class: "button", onclick }, name);
      const ways = [];
      if (encoding) ways.push(button(`Read as ${encoding}`, () => otherwise({ encoding })));
      if (column) ways.push(button(`Leave out column ${column}`, () => retyped(column, "ignored")));
      problem.replaceChildren(problemNotice(error, ...ways));
      root.scrollIntoView({ block: "nearest" });
    },
    open: () => schema && show(schema),
    /** The table cannot be learnt as it was to be used: says why, where another target or other kinds can be chosen. */
    fail(error) {
      show(schema);
      problem.replaceChildren(problemNotice(error));
      root.scrollIntoView({ block: "nearest" });
    },
  };
}
