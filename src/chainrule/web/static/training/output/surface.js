// Surfaces as pictures: each byte of a grid becomes a colour, and the browser smooths between them.
import { pick } from "../palette.js";

/** A painter that turns grids into pictures; it keeps its scratch canvas and its image data. */
export function createPainter() {
  const scratch = document.createElement("canvas");
  let image = null;

  /** Paints a grid of `size` [rows, columns] over a rectangle of the context; `colourAt(i)` is written at `data[4 i]`. */
  return function paint(context, [rows, columns], width, height, colours) {
    if (scratch.width !== columns || scratch.height !== rows || !image) {
      [scratch.width, scratch.height] = [columns, rows];
      image = scratch.getContext("2d").createImageData(columns, rows);
    }
    colours(image.data);
    scratch.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(scratch, 0, 0, width, height);
  };
}

/** Colours of numbers: where a byte lies between two ends of a scale. */
export function byValue(values, { low, high }, [from, to], colours) {
  const shades = Array.from({ length: 256 }, (_, byte) => {
    const value = low + (byte / 255) * (high - low);
    return pick(colours, (value - from) / (to - from || 1));
  });
  return (data) => {
    for (let i = 0; i < values.length; i += 1) {
      const shade = shades[values[i]];
      const at = 4 * i;
      data[at] = shade[0];
      data[at + 1] = shade[1];
      data[at + 2] = shade[2];
      data[at + 3] = 255;
    }
  };
}

/** Colours of classes: the likeliest one's, the paler the less sure. */
export function byClass(classes, certainties, count, tables) {
  const least = 1 / count;
  return (data) => {
    for (let i = 0; i < classes.length; i += 1) {
      const share = Math.max((certainties[i] / 255 - least) / (1 - least), 0);
      const place = 3 * Math.round(share * 255);
      const table = tables[classes[i] % tables.length];
      const at = 4 * i;
      data[at] = table[place];
      data[at + 1] = table[place + 1];
      data[at + 2] = table[place + 2];
      data[at + 3] = 255;
    }
  };
}

/** The scale of a hidden unit: as far below zero as above it, so that no colour means zero. */
export function aroundZero(low, high) {
  const far = Math.max(Math.abs(low ?? 0), Math.abs(high ?? 0)) || 1;
  return [-far, far];
}
