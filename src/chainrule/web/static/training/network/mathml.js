// Formulas from elements.
const MATHML = "http://www.w3.org/1998/Math/MathML";

/** An element of MathML: `m("mi", "x")`, `m("mrow", a, b)`. */
export function m(tag, ...children) {
  const node = document.createElementNS(MATHML, tag);
  node.append(...children);
  return node;
}

/** A formula as the server writes it. */
export function parsed(markup) {
  const template = document.createElement("template");
  template.innerHTML = markup;
  return template.content;
}

/** A letter with an index: x₁, W₂; without an index, the letter alone. */
export function indexed(letter, ...indices) {
  const names = letter.length > 1 ? m("mtext", letter) : m("mi", letter);
  if (!indices.length) return names;
  const parts = indices.flatMap((index, i) => (i ? [m("mo", ","), number(index)] : [number(index)]));
  return m("msub", names, parts.length > 1 ? m("mrow", ...parts) : parts[0]);
}

/** The transpose of a letter with an index: W₃ᵀ. */
export function transposed(letter, index) {
  const sign = m("mi", "T");
  sign.setAttribute("mathvariant", "normal");
  return m("msubsup", m("mi", letter), number(index), sign);
}

/** A number, with its sign as an operator of its own. */
export const number = (value) => m("mn", `${value}`);

/** A formula of its own. */
export const formula = (...children) => m("math", m("mrow", ...children));

/** A matrix in brackets whose entries are these nodes. */
export function brackets(rows) {
  const table = m("mtable", ...rows.map((row) => m("mtr", ...row.map((entry) => m("mtd", entry)))));
  const [left, right] = [m("mo", "["), m("mo", "]")];
  for (const fence of [left, right]) fence.setAttribute("stretchy", "true");
  return m("mrow", left, table, right);
}

/** Names of activations as they are written before an argument. */
const FUNCTIONS = {
  sigmoid: "σ",
  tanh: "tanh",
  relu: "ReLU",
  leaky_relu: "LeakyReLU",
  gelu: "GELU",
  silu: "SiLU",
};

/** The name of an activation before its argument. */
export function functionName(name) {
  const node = m("mi", FUNCTIONS[name] ?? name);
  node.setAttribute("mathvariant", "normal");
  return node;
}

/** f(…), or the argument alone for the identity. */
export function applied(name, ...argument) {
  if (!name || name === "identity") return m("mrow", ...argument);
  return m("mrow", functionName(name), m("mo", "("), ...argument, m("mo", ")"));
}

/** What is predicted: ŷ. */
export function estimate() {
  const node = m("mover", m("mi", "y"), m("mo", "^"));
  node.setAttribute("accent", "true");
  return node;
}
