// What is trained and how: the model, its loss, the optimiser and its settings.
import { h } from "../common/dom.js";
import { choice, numbersAsOptions } from "./fields.js";
import { hasLayers } from "./wishes.js";

const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const STRENGTHS = [0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1];
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
const ACTIVATIONS = { relu: "ReLU", leaky_relu: "leaky ReLU", gelu: "GELU", silu: "SiLU" };
const MODELS = {
  perceptron: () => "perceptron",
  logistic: (task) => (task === "regression" ? "linear regression" : "logistic regression"),
};

/**
 * @param {HTMLElement} root
 * @param {object} given
 * @param {object} given.catalog
 * @param {(change: (wishes: object) => void) => void} given.onChange
 */
export function createModel(root, { catalog, onChange }) {
  const setting =
    (name, read = (value) => value) =>
    (value) =>
      onChange(({ settings }) => (settings[name] = read(value)));
  const fields = {
    model: choice({ label: "Model", onChange: setting("model") }),
    activation: choice({ label: "Activation", onChange: setting("activation") }),
    loss: choice({ label: "Loss", onChange: setting("loss") }),
    optimizer: choice({ label: "Optimiser", onChange: chooseOptimizer }),
    lr: choice({ label: "Learning rate", onChange: setting("lr", Number) }),
    l2: choice({ label: "L2", onChange: setting("l2", Number) }),
    batch: choice({ label: "Batch size", onChange: setting("batch_size", Number) }),
  };
  root.append(
    h(
      "div",
      { class: "tr-model", role: "group", "aria-label": "Model and training" },
      Object.values(fields).map(({ element }) => element),
    ),
  );

  /** Each optimiser has a learning rate of its own to begin with. */
  function chooseOptimizer(id) {
    const { lr } = catalog.optimizers.find((one) => one.id === id);
    onChange(({ settings }) => Object.assign(settings, { optimizer: id, lr: lr ?? settings.lr }));
  }

  return {
    /** Shows what is chosen, for a table of this task. */
    set({ settings }, task) {
      fields.model.set(
        catalog.models.map((value) => ({ value, label: MODELS[value]?.(task) ?? value })),
        settings.model,
      );
      fields.activation.set(options(catalog.activations), settings.activation);
      fields.activation.disabled = !hasLayers(settings);
      const loss = settings.loss === "auto" ? catalog.losses[task][0].id : settings.loss;
      fields.loss.set(
        catalog.losses[task].map(({ id, title }) => ({ value: id, label: title })),
        loss,
      );
      fields.optimizer.set(
        catalog.optimizers.map(({ id, title }) => ({ value: id, label: title })),
        settings.optimizer,
      );
      fields.lr.set(numbersAsOptions(RATES, settings.lr), String(settings.lr));
      fields.l2.set(
        numbersAsOptions(STRENGTHS, settings.l2, (value) => (value ? String(value) : "none")),
        String(settings.l2),
      );
      fields.batch.set(
        numbersAsOptions(
          BATCHES.filter((size) => size <= catalog.limits.batch_size),
          settings.batch_size,
        ),
        String(settings.batch_size),
      );
    },
  };
}

const options = (names) => names.map((name) => ({ value: name, label: ACTIVATIONS[name] ?? name }));
