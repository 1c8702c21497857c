// The address holds what is shown, so that a link shows the same: #formula?f=…&.w=0.5&step=3

const VIEWS = ["formula", "training"];
const LONGEST = 20_000;
// Browsers allow some 100 changes in 30 seconds: at once as long as there are few, then less often.
const MOST = 40;
const WITHIN = 20_000;
const PAUSE = 600;

/**
 * The view that an address names, with or without a slash, and what it says of it; garbage names the first view.
 * `isPlain` tells whether the address is written as this page writes them.
 */
export function read(hash = location.hash) {
  const text = hash.startsWith("#") ? hash.slice(1, LONGEST) : "";
  const cut = text.indexOf("?");
  const name = cut < 0 ? text : text.slice(0, cut);
  const found = VIEWS.find((view) => view === name.replace(/^\/|\/$/g, ""));
  return {
    view: found ?? VIEWS[0],
    query: new URLSearchParams(found && cut >= 0 ? text.slice(cut + 1) : ""),
    isPlain: name === (found ?? ""),
  };
}

/** A whole number in a query within bounds, or what stands for it. */
export function wholeNumber(query, key, { least = 0, most = 100_000, otherwise = 0 } = {}) {
  const text = query.get(key) ?? "";
  return /^\d{1,9}$/.test(text) ? Math.min(Math.max(Number(text), least), most) : otherwise;
}

/** The address of a view. What may stand in a fragment as it is, stays readable. */
export function written(view, query) {
  const readable = { "%28": "(", "%29": ")", "%2A": "*", "%2F": "/", "%3A": ":", "%3B": ";", "%2C": ",", "%40": "@" };
  const text = query.toString().replace(/%(?:28|29|2A|2F|3A|3B|2C|40)/g, (code) => readable[code]);
  return text ? `#${view}?${text}` : `#${view}`;
}

let timer = 0;
let times = [];
let later = null;

/** Put an address into the bar: as a new entry of the history, or in place of the present one. */
export function remember(address, { isNew = false } = {}) {
  if (isNew) settle(); // what waits belongs to the present entry
  later = address;
  clearTimeout(timer);
  times = times.filter((time) => performance.now() - time < WITHIN);
  if (isNew) write("pushState");
  else if (times.length < MOST) write("replaceState");
  else timer = setTimeout(settle, PAUSE);
}

/** Write down at once what waits to be written; a link that is copied is never an old one. */
export function settle() {
  clearTimeout(timer);
  write("replaceState");
}

/** Forget what waits: the reader went to another address. */
export function forget() {
  clearTimeout(timer);
  later = null;
}

function write(how) {
  const address = later;
  later = null;
  if (address === null || address === location.hash) return;
  times.push(performance.now());
  try {
    history[how](null, "", address);
  } catch {
    // too many changes, or an address that is too long for this browser
  }
}
