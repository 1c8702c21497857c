// Makes one tree of elements equal to another one, and touches only what differs: what stays the same is not laid out
// again, and keeps its place, its focus and what the reader has selected.

/** Make `old` equal to `next`, which is used up. Elements that are of another kind are exchanged. */
export function morph(old, next) {
  matchAttributes(old, next);
  const [before, after] = [[...old.childNodes], [...next.childNodes]];
  after.forEach((node, index) => {
    const there = before[index];
    if (there === undefined) old.append(node);
    else if (!isSameKind(there, node)) there.replaceWith(node);
    else if (there.nodeType === Node.ELEMENT_NODE) morph(there, node);
    else if (there.data !== node.data) there.data = node.data;
  });
  for (const node of before.slice(after.length)) node.remove();
}

const isSameKind = (left, right) =>
  left.nodeType === right.nodeType && left.nodeName === right.nodeName && left.namespaceURI === right.namespaceURI;

function matchAttributes(old, next) {
  for (const { name } of [...old.attributes]) {
    if (!next.hasAttribute(name) && !isReaders(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (old.getAttribute(name) === value || isReaders(old, name)) continue;
    // The page's policy lets no markup set styles, and this counts as markup.
    if (name === "style") old.style.cssText = next.style.cssText;
    else old.setAttribute(name, value);
  }
}

/** Whether the reader decides on it: what somebody unfolded stays open. Steps are opened by the player. */
const isReaders = (element, name) => name === "open" && !element.classList.contains("step");
