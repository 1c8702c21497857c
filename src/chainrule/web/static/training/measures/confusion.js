// Which classes are taken for which: right in blue, wrong in orange, the deeper the larger the share of its row.
import { h, say } from "../../common/dom.js";
import { percent } from "../numbers.js";
import { cut } from "../words.js";

/** The confusion matrix of a run. */
export function createConfusion(root) {
  const caption = h("p", { class: "tr-faint" });
  const box = h("div", { class: "scroll" });
  root.append(caption, box);
  let cells = [];

  function prepare(run) {
    const card = root.closest(".tr-card");
    card.hidden = run.task === "regression";
    card.classList.toggle("is-wide", run.classes.length > 4);
    cells = [];
    const head = h(
      "tr",
      {},
      h("td", {}),
      run.classes.map((name) => h("th", { scope: "col" }, cut(name))),
    );
    const rows = run.classes.map((name) => {
      const row = run.classes.map(() => h("td", {}, h("span", { class: "tr-count" }), h("small")));
      cells.push(row);
      return h("tr", {}, h("th", { scope: "row" }, cut(name)), row);
    });
    const table = h(
      "table",
      { class: `tr-confusion${run.classes.length > 4 ? " is-dense" : ""}`, "aria-label": "Confusion matrix" },
      h("thead", {}, head),
      h("tbody", {}, rows),
    );
    box.replaceChildren(table);
    say(caption, "");
  }

  function draw(confusion) {
    if (!confusion || cells.length !== confusion.counts.length) return;
    say(
      caption,
      `${confusion.part === "validation" ? "Validation" : "Training"} rows: true class at the left, predicted class on top`,
    );
    confusion.counts.forEach((row, i) => {
      const sum = row.reduce((total, count) => total + count, 0);
      row.forEach((count, j) => fill(cells[i][j], count, sum ? count / sum : 0, i === j));
    });
  }

  return { prepare, draw };
}

function fill(cell, count, share, isRight) {
  say(cell.firstChild, `${count}`);
  say(cell.lastChild, count ? percent(share, 0) : "");
  cell.className = count === 0 ? "is-none" : isRight ? "is-right" : "is-wrong";
  cell.style.setProperty("--share", `${Math.round(100 * share)}%`);
}
