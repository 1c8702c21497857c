// A lesson that is a page of its own: its keys work everywhere, and the address holds the step (#step=5).

const lesson = mount(document.querySelector(".lesson"), { keys: document, onStep: remember });

function remember(step) {
  const address = step ? `#step=${step}` : location.pathname + location.search;
  try {
    history.replaceState(null, "", address);
  } catch {
    // A page inside of another one, in a notebook say, may have no address of its own to change.
  }
}

function showRemembered() {
  const found = /^#step=(\d{1,6})$/.exec(location.hash);
  if (found && Number(found[1]) !== lesson.step) lesson.show(Number(found[1]));
}

addEventListener("hashchange", showRemembered);
showRemembered();
