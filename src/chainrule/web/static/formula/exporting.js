// The lesson as a file.

import { download } from "../api.js";
import { menu } from "../common/menu.js";

const FORMATS = [
  { value: "html", label: "Web page", note: "HTML, works offline" },
  { value: "svg", label: "Picture of the graph", note: "SVG" },
  { value: "png", label: "Picture of the graph", note: "PNG" },
  { value: "latex", label: "Document", note: "LaTeX with TikZ" },
  { value: "markdown", label: "Text with formulas", note: "Markdown" },
  { value: "json", label: "Data", note: "JSON" },
];

/** The menu; `asked` gives what the server needs to know, `onError` is told what went wrong. */
export function exportMenu({ asked, onError }) {
  return menu({
    label: "Export",
    items: FORMATS,
    onChoose: async (format) => {
      try {
        await download("/api/export", { ...asked(), format });
      } catch (error) {
        onError(error);
      }
    },
  });
}
