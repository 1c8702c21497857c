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
    else if (there.nodeType !== Node.ELEMENT_NODE) write(there, node.data);
    else if (!there.isEqualNode(node)) morph(there, node);
  });
  for (const node of before.slice(after.length)) node.remove();
}

const isSameKind = (left, right) =>
  left.nodeType === right.nodeType && left.nodeName === right.nodeName && left.namespaceURI === right.namespaceURI;

function write(text, data) {
  if (text.data !== data) text.data = data;
}

function matchAttributes(old, next) {
  for (const { name } of [...old.attributes]) {
    if (!next.hasAttribute(name) && !stays(old, name)) old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (old.getAttribute(name) === value || stays(old, name)) continue;
    // The page's policy lets no markup set styles, and this counts as markup.
    if (name === "style") old.style.cssText = next.style.cssText;
    else old.setAttribute(name, value);
  }
}

/** Whether it is not for the lesson to say: what somebody unfolded stays open, and what was measured is so still. */
const stays = (element, name) =>
  (name === "open" && !element.classList.contains("step")) || (name === "style" && element.classList.contains("lesson"));
