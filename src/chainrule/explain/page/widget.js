// A lesson as a widget of a notebook; it stands behind lesson.js in one module.

function render({ model, el }) {
  const host = document.createElement("div");
  host.className = "chainrule-widget";
  el.append(host);
  let lesson = null;

  function put() {
    lesson?.destroy();
    host.innerHTML = model.get("html");
    lesson = mount(host.querySelector(".lesson"), { step: model.get("step"), onStep: told });
  }

  function told(step) {
    model.set("step", step);
    model.save_changes();
  }

  function follow() {
    if (model.get("step") !== lesson.step) lesson.show(model.get("step"));
  }

  model.on("change:html", put);
  model.on("change:step", follow);
  put();
  return () => {
    model.off("change:html", put);
    model.off("change:step", follow);
    lesson.destroy();
  };
}

export default { render };
