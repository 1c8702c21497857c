// Colours for canvases: they stand in the style sheet, for light and dark, and are read anew when the theme changes.
const LEVELS = 256;
const CLASSES = 10;
const RAMP = 6;
/** How far a surface goes towards the full colour, so that the points upon it stand out. */
const STRENGTH = 0.62;

/** The colours of a part of the page, as they are now. */
export function readPalette(root) {
  const probe = document.createElement("i");
  probe.hidden = true;
  root.append(probe);
  const colour = (name) => {
    probe.style.setProperty("color", `var(${name})`);
    return getComputedStyle(probe)
      .color.match(/[\d.]+/g)
      .slice(0, 3)
      .map(Number);
  };
  const neutral = colour("--tr-neutral");
  const classes = Array.from({ length: CLASSES }, (_, k) => colour(`--class-${k}`));
  const ramp = Array.from({ length: RAMP }, (_, k) => colour(`--ramp-${k}`));
  const palette = {
    neutral,
    classes,
    paper: css(colour("--paper")),
    ink: css(colour("--ink")),
    /** Below the middle in the colour of class 0, above it in that of class 1. */
    diverging: table((t) => mix(neutral, classes[t < 0.5 ? 0 : 1], STRENGTH * Math.abs(2 * t - 1))),
    /** From low to high numbers. */
    numbers: table((t) => between(ramp, t)),
    /** For each class, from unsure to sure. */
    certain: classes.map((full) => table((t) => mix(neutral, full, STRENGTH * t))),
  };
  probe.remove();
  return palette;
}

/** The colour of a class; more than ten begin anew. */
export const classColour = (palette, k) => css(palette.classes[k % CLASSES]);

/** The colour of a number between two ends. */
export const numberColour = (palette, value, [low, high]) =>
  css(pick(palette.numbers, (value - low) / (high - low || 1)));

/** Calls back when light turns to dark, or the user asks for other contrasts. */
export function onThemeChange(callback) {
  for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)", "(forced-colors: active)"]) {
    matchMedia(query).addEventListener("change", callback);
  }
  new MutationObserver(callback).observe(document.documentElement, {
    attributes: true,
    attributeFilter: ["data-theme"],
  });
}

/** The entry of a table of colours for a share from 0 to 1. */
export function pick(colours, share) {
  const place = 3 * Math.min(Math.max(Math.round(share * (LEVELS - 1)), 0), LEVELS - 1);
  return [colours[place], colours[place + 1], colours[place + 2]];
}

function table(colourOf) {
  return Uint8ClampedArray.from(Array.from({ length: LEVELS }, (_, i) => colourOf(i / (LEVELS - 1))).flat());
}

const mix = (a, b, share) => a.map((value, i) => value + (b[i] - value) * share);
const css = ([r, g, b]) => `rgb(${r} ${g} ${b})`;

function between(stops, t) {
  const place = t * (stops.length - 1);
  const first = Math.min(Math.floor(place), stops.length - 2);
  return mix(stops[first], stops[first + 1], place - first);
}
