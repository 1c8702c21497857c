"""Updates against optax and PyTorch: twenty random steps, equal to rounding."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from chainrule.learn.clipping import ClipNorm, ClipValue
from chainrule.learn.optimizers import AdaGrad, Adam, AdamW, GradientDescent, Momentum, Nesterov, RMSProp
from chainrule.learn.schedules import Constant, Cosine, StepDecay, WarmUp

pytestmark = pytest.mark.oracle

STEPS = 20
SHAPES = ((4, 3), (3,), ())


def start() -> list[Any]:
    rng = np.random.default_rng(1)
    return [np.asarray(rng.normal(size=shape)) for shape in SHAPES]


def gradients() -> list[list[Any]]:
    rng = np.random.default_rng(2)
    return [[np.asarray(rng.normal(size=shape) * 3) for shape in SHAPES] for _ in range(STEPS)]


def ours(optimizer: Any) -> list[Any]:
    params, state = start(), optimizer.init(start())
    for step in gradients():
        params, state = optimizer.update(params, step, state)
    return params


@pytest.fixture
def optax() -> Any:
    """optax in double precision."""
    jax, optax = importlib.import_module("jax"), importlib.import_module("optax")
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    yield optax
    jax.config.update("jax_enable_x64", before)


def theirs(optax: Any, transformation: Any) -> list[Any]:
    params = [np.asarray(p) for p in start()]
    state = transformation.init(params)
    for step in gradients():
        updates, state = transformation.update(step, state, params)
        params = optax.apply_updates(params, updates)
    return [np.asarray(p) for p in params]


OPTAX: dict[str, tuple[Any, Any]] = {
    "sgd": (GradientDescent(0.1), lambda o: o.sgd(0.1)),
    "momentum": (Momentum(0.1, momentum=0.8), lambda o: o.sgd(0.1, momentum=0.8)),
    "nesterov": (Nesterov(0.1, momentum=0.8), lambda o: o.sgd(0.1, momentum=0.8, nesterov=True)),
    "weight decay": (
        Momentum(0.1, momentum=0.8, weight_decay=0.2),
        lambda o: o.chain(o.add_decayed_weights(0.2), o.sgd(0.1, momentum=0.8)),
    ),
    # optax adds eps inside of the root; without it both are the same
    "adagrad": (AdaGrad(0.1, eps=0.0, initial=0.1), lambda o: o.adagrad(0.1, initial_accumulator_value=0.1, eps=0.0)),
    "rmsprop": (RMSProp(0.1, decay=0.9), lambda o: o.rmsprop(0.1, decay=0.9, eps_in_sqrt=False)),
    "rmsprop with momentum": (
        RMSProp(0.1, decay=0.9, eps=1e-3, momentum=0.7),
        lambda o: o.rmsprop(0.1, decay=0.9, eps=1e-3, momentum=0.7, eps_in_sqrt=False),
    ),
    "centered rmsprop": (
        RMSProp(0.1, decay=0.9, centered=True),
        lambda o: o.rmsprop(0.1, decay=0.9, eps_in_sqrt=False, centered=True),
    ),
    "adam": (Adam(0.1, beta1=0.8, beta2=0.95, eps=1e-4), lambda o: o.adam(0.1, b1=0.8, b2=0.95, eps=1e-4)),
    "adamw": (AdamW(0.1, weight_decay=0.3), lambda o: o.adamw(0.1, weight_decay=0.3)),
    "clipped by norm": (
        ClipNorm(GradientDescent(0.1), 8.0),
        lambda o: o.chain(o.clip_by_global_norm(8.0), o.sgd(0.1)),
    ),
    "clipped by value": (ClipValue(GradientDescent(0.1), 1.5), lambda o: o.chain(o.clip(1.5), o.sgd(0.1))),
}


@pytest.mark.parametrize("name", OPTAX)
def test_updates_are_those_of_optax(name: str, optax: Any) -> None:
    optimizer, make = OPTAX[name]
    for one, other in zip(ours(optimizer), theirs(optax, make(optax)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def test_a_schedule_begins_with_the_first_step_as_in_optax(optax: Any) -> None:
    found = ours(Adam(WarmUp(Cosine(0.1, 12), 5)))
    expected = theirs(optax, optax.adam(optax.warmup_cosine_decay_schedule(0.0, 0.1, 5, 17)))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)  # optax computes the rate in float32


SCHEDULES: dict[str, tuple[Any, Any]] = {
    "constant": (Constant(0.3), lambda o: o.constant_schedule(0.3)),
    "step": (StepDecay(0.3, every=7, factor=0.2), lambda o: o.exponential_decay(0.3, 7, 0.2, staircase=True)),
    "cosine": (Cosine(0.3, steps=20), lambda o: o.cosine_decay_schedule(0.3, 20)),
    "cosine with an end": (Cosine(0.3, steps=20, end=0.03), lambda o: o.cosine_decay_schedule(0.3, 20, alpha=0.1)),
    "warm-up": (WarmUp(0.3, steps=6, start=0.1), lambda o: o.linear_schedule(0.1, 0.3, 6)),
    "warm-up to cosine": (
        WarmUp(Cosine(0.3, steps=20, end=0.01), steps=5),
        lambda o: o.warmup_cosine_decay_schedule(0.0, 0.3, 5, 25, end_value=0.01),
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_those_of_optax(name: str, optax: Any) -> None:
    schedule, make = SCHEDULES[name]
    expected = make(optax)
    counts = range(40)
    np.testing.assert_allclose(
        [float(schedule(count)) for count in counts],
        [float(expected(count)) for count in counts],
        rtol=1e-12,
        atol=1e-15,
    )


TORCH: dict[str, tuple[Any, Any]] = {
    "sgd": (GradientDescent(0.1, weight_decay=0.2), lambda o, p: o.SGD(p, 0.1, weight_decay=0.2)),
    "momentum": (
        Momentum(0.1, momentum=0.8, weight_decay=0.2),
        lambda o, p: o.SGD(p, 0.1, momentum=0.8, weight_decay=0.2),
    ),
    "nesterov": (Nesterov(0.1, momentum=0.8), lambda o, p: o.SGD(p, 0.1, momentum=0.8, nesterov=True)),
    "adagrad": (
        AdaGrad(0.1, initial=0.3, weight_decay=0.1),
        lambda o, p: o.Adagrad(p, 0.1, initial_accumulator_value=0.3, weight_decay=0.1),
    ),
    "rmsprop": (
        RMSProp(0.1, eps=1e-3, momentum=0.6, centered=True, weight_decay=0.1),
        lambda o, p: o.RMSprop(p, 0.1, eps=1e-3, momentum=0.6, centered=True, weight_decay=0.1),
    ),
    "adam": (Adam(0.1, eps=1e-3, weight_decay=0.2), lambda o, p: o.Adam(p, 0.1, eps=1e-3, weight_decay=0.2)),
    "adamw": (AdamW(0.1, weight_decay=0.2), lambda o, p: o.AdamW(p, 0.1, weight_decay=0.2)),
}


@pytest.mark.parametrize("name", TORCH)
def test_updates_are_those_of_pytorch(name: str) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch comes with the extra bench", exc_type=ImportError)
    optimizer, make = TORCH[name]
    params = [torch.tensor(p, dtype=torch.float64, requires_grad=True) for p in start()]
    stepper = make(torch.optim, params)
    for step in gradients():
        for param, gradient in zip(params, step, strict=True):
            param.grad = torch.tensor(gradient, dtype=torch.float64)
        stepper.step()
    for one, other in zip(ours(optimizer), params, strict=True):
        np.testing.assert_allclose(one, other.detach().numpy(), rtol=1e-12, atol=1e-14)
