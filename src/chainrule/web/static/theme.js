// Light, dark, or as the system has it. The page waits for this module before it paints, so that nothing flashes.

const KEY = "chainrule-theme";
const WORDS = { auto: "as the system", light: "light", dark: "dark" };
const NEXT = { auto: "light", light: "dark", dark: "auto" };

/** The theme that was chosen: auto, light or dark. */
export function theme() {
  try {
    const kept = localStorage.getItem(KEY);
    return Object.hasOwn(WORDS, kept) ? kept : "auto";
  } catch {
    return "auto"; // storage may be forbidden
  }
}

function apply(name) {
  const root = document.documentElement;
  if (name === "auto") delete root.dataset.theme;
  else root.dataset.theme = name;
}

/** Let a button go round from one theme to the next. */
export function themeButton(button, announce) {
  let name = theme();
  const describe = () => {
    button.dataset.shows = name;
    button.setAttribute("aria-label", `Colours: ${WORDS[name]}`);
    button.title = `Colours: ${WORDS[name]}`;
  };
  button.addEventListener("click", () => {
    name = NEXT[name];
    apply(name);
    describe();
    announce(`Colours: ${WORDS[name]}`);
    try {
      localStorage.setItem(KEY, name);
    } catch {
      // it holds for this visit
    }
  });
  describe();
}

apply(theme());
