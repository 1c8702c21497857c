// A run in a few words: its rows, what is learnt, from what, and what is left out.
import { counted } from "./numbers.js";

/** Names that are listed. */
const MOST = 3;

/** What stands below the network. */
export function factsOf(run) {
  const rows = [
    counted(run.rows.training, "training row"),
    run.rows.validation ? counted(run.rows.validation, "validation row") : "no validation rows",
  ];
  return [
    `${run.title}: ${rows.join(", ")}; ${counted(run.parameters, "parameter")}; loss: ${run.loss_name}.`,
    ...leftOut(run.left_out),
    "Numbers are standardised.",
    run.note && `${run.note}.`,
  ]
    .filter(Boolean)
    .join(" ");
}

const leftOut = ({ constant, other }) => [
  constant.length &&
    `Left out: ${counted(constant.length, "column")} with the same value in each training row (${listed(constant)}).`,
  other.length && `Left out: ${counted(other.length, "column")} that cannot be learnt from, or shall not be (${listed(other)}).`,
];

const listed = (names) => names.slice(0, MOST).join(", ") + (names.length > MOST ? ", …" : "");
