// What the columns of the own table are: shown, and changed where the user knows better.
import { newest } from "../../api.js";
import { freshId, h } from "../../common/dom.js";
import { problemNotice, sentence } from "../problem.js";
import { counted, whole } from "../numbers.js";

const NUMBERS = ["number", "integer"];

/**
 * @param {HTMLElement} root A section that is hidden until there is a table.
 * @param {object} given
 * @param {(table: number, target: string|null, types: Record<string, string>) => Promise<object>} given.check Asks the server what the table is then.
 * @param {(source: object, task: string) => void} given.onUse With what is probably its task; the server knows for sure.
 * @param {(text: string) => void} given.announce
 */
export function createSchema(root, { check, onUse, announce }) {
  const title = h("h2", { tabindex: -1 });
  const facts = h("p", { class: "tr-faint" });
  const problem = h("div", { role: "alert" });
  const targetId = freshId("target");
  const target = h("select", { id: targetId, class: "field", onchange: () => again() });
  const table = h("table", { class: "tr-schema" });
  const choice = h("div", { class: "tr-use" });
  const use = h("button", { type: "button", class: "button is-main", onclick: finish }, "Use this data");
  const close = h("button", { type: "button", class: "button", onclick: () => (root.hidden = true) }, "Close");
  root.append(
    h("div", { class: "tr-card-head" }, title, close),
    facts,
    problem,
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Columns of the table" }, table),
    choice,
  );
  const goal = h("span", { class: "tr-use" }, h("label", { for: targetId }, "Target"), target);
  choice.append(goal, use);
  let schema = null;
  let types = {}; // what the user wants
  let accepted = {}; // and what the server took

  function show(next, { isNew = false, leftOut = {} } = {}) {
    schema = next;
    if (isNew) types = accepted = leftOut;
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
      { class: "field", "aria-label": `Kind of ${column.name}`, onchange: () => again({ [column.name]: kind.value }) },
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
      if (types === asked) types = accepted;
      if (root.hidden) return;
      show(schema);
      problem.replaceChildren(problemNotice(error));
    }
  }, Infinity);

  /** Asks the server again: with another target, or another kind of a column. */
  function again(changed = {}) {
    types = { ...types, ...changed };
    ask({ wanted: target.value || null, asked: types });
  }

  function finish() {
    root.hidden = true;
    const { kind } = schema.columns.find((column) => column.name === target.value);
    const { table: number, name } = schema;
    onUse(
      { kind: "upload", table: number, name, target: target.value, types },
      kind === "number" ? "regression" : "binary",
    );
  }

  return {
    show,
    /** A file that is no table: says why, in place of its columns; one that is in the way may be left out. */
    refuse(name, error, onLeaveOut) {
      root.hidden = false;
      title.textContent = name;
      facts.textContent = "";
      table.replaceChildren();
      goal.hidden = true;
      use.disabled = true;
      const leave = (column) =>
        h("button", { type: "button", class: "button", onclick: () => onLeaveOut(column) }, `Leave out column ${column}`);
      problem.replaceChildren(problemNotice(error, ...[error.about].filter(Boolean).map(leave)));
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
