// From a row of the table to the address of the formula view that shows its forward and backward pass.

/** What the formula view calls its parts in an address; see formula/state.js. */
const MARK = ".";
/** Letters that an address of this page may have. */
const LONGEST = 19_000;

/** The query for a sample as the server gives it: statements, values and level, and what it is. */
export function sampleQuery({ statements, values, level, wrt, note }) {
  const query = new URLSearchParams({ f: statements, level });
  for (const [name, text] of Object.entries(values)) query.set(MARK + name, text);
  if (wrt) query.set("wrt", wrt.join(","));
  if (note) query.set("note", note);
  if (query.toString().length > LONGEST) {
    throw Object.assign(new Error("This network is too large to be shown number by number."), {
      fix: "take fewer units or features, and click the point again",
    });
  }
  return query;
}
