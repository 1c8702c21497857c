"""Convolution with autograd's signature: over some axes, with a product over others and the rest as outer axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.graph.op import Op
from chainrule.ops.indexing import Index, scatter, take_index
from chainrule.ops.record import function
from chainrule.ops.shaping import reshape, transpose
from chainrule.trace.call import call_with

__all__ = ["convolve"]

Axes = Sequence[int]


def _correlate(kernel: Any, signal: Any) -> Any:
    """``out[a, b, n] = Σ_d Σ_k kernel[a, d, k] signal[b, d, n + k]``, for several k and n."""
    count = kernel.ndim - 2
    windows = np.lib.stride_tricks.sliding_window_view(signal, kernel.shape[2:], tuple(range(2, 2 + count)))
    summed = [1, *range(2 + count, 2 + 2 * count)]
    return np.tensordot(kernel, windows, axes=([1, *range(2, 2 + count)], summed))


def _infer(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    kernel, signal = inputs
    lengths = [n - k + 1 for n, k in zip(signal.shape[2:], kernel.shape[2:], strict=True)]
    if kernel.shape[1] != signal.shape[1] or min(lengths, default=1) < 1:
        raise ValueError(f"a kernel of shape {kernel.shape} does not fit into a signal of shape {signal.shape}")
    return (kernel.shape[0], signal.shape[0], *lengths), np.result_type(kernel.dtype, signal.dtype)


def _swapped(x: Any) -> Any:
    return transpose(x, (1, 0, *range(2, x.ndim)))


def _flipped(x: Any) -> Any:
    return take_index(x, (slice(None), slice(None), *[slice(None, None, -1)] * (x.ndim - 2)))


def _padded(x: Any, before: Sequence[int], after: Sequence[int]) -> Any:
    """Zeros around the axes that are convolved over."""
    lengths = [b + n + a for b, n, a in zip(before, x.shape[2:], after, strict=True)]
    inner = tuple(slice(b, b + n) for b, n in zip(before, x.shape[2:], strict=True))
    index, _ = Index.parse((slice(None), slice(None), *inner))
    return scatter(x, index=index, shape=(*x.shape[:2], *lengths))


def _gradient_of_signal(g: Any, kernel: Any) -> Any:
    """The full convolution of the upstream gradient with the kernel."""
    margin = [k - 1 for k in kernel.shape[2:]]
    return _swapped(correlate_windows(_swapped(_flipped(kernel)), _swapped(_padded(g, margin, margin))))


correlate_windows = Op(
    "correlate_windows",
    _correlate,
    _infer,
    vjp=(
        lambda g, out, kernel, signal: correlate_windows(g, _swapped(signal)),
        lambda g, out, kernel, signal: _gradient_of_signal(g, kernel),
    ),
    jvp="multilinear",
)


def _grouped(x: Any, dot: Axes, conv: Axes) -> tuple[Any, tuple[int, ...]]:
    """Outer axes as one, axes of the product as one, then those of the convolution."""
    outer = [i for i in range(x.ndim) if i not in dot and i not in conv]
    kept = tuple(x.shape[i] for i in outer)
    ordered = transpose(x, (*outer, *dot, *conv))
    sizes = (int(np.prod(kept)), int(np.prod([x.shape[i] for i in dot])), *[x.shape[i] for i in conv])
    return reshape(ordered, sizes), kept


def _positive(axes: Axes, ndim: int) -> list[int]:
    return [axis % ndim for axis in axes]


@function(name="autograd_convolve")
def _convolve(A: Any, B: Any, axes: Any = None, dot_axes: Any = None, mode: str = "full") -> Any:
    if axes is None:
        axes = (range(A.ndim), range(B.ndim))
    if dot_axes is None:
        dot_axes = ((), ())
    first, outer_a = _grouped(A, _positive(dot_axes[0], A.ndim), _positive(axes[0], A.ndim))
    second, outer_b = _grouped(B, _positive(dot_axes[1], B.ndim), _positive(axes[1], B.ndim))
    a_lengths, b_lengths = first.shape[2:], second.shape[2:]
    a_smaller = all(a <= b for a, b in zip(a_lengths, b_lengths, strict=True))
    kernel, signal = (first, second) if a_smaller or mode != "valid" else (second, first)
    sizes = kernel.shape[2:]
    if mode == "valid":
        if any(k > n for k, n in zip(sizes, signal.shape[2:], strict=True)):
            raise ValueError("one array must be larger than the other along all convolved axes")
    else:
        margin = [k - 1 for k in sizes]
        signal = _padded(signal, margin, margin)
    result = correlate_windows(_flipped(kernel), signal)
    if kernel is second:
        result = _swapped(result)
    if mode == "same":
        starts = [(full - a) // 2 for full, a in zip(result.shape[2:], a_lengths, strict=True)]
        window = [slice(start, start + a) for start, a in zip(starts, a_lengths, strict=True)]
        result = take_index(result, (slice(None), slice(None), *window))
    return reshape(result, (*outer_a, *outer_b, *result.shape[2:]))


def convolve(A: Any, B: Any, axes: Any = None, dot_axes: Any = None, mode: str = "full") -> Any:
    """Convolve two arrays over some axes.

    Parameters
    ----------
    A, B : array
    axes : pair of sequences of int, optional
        The axes of `A` and of `B` that are convolved; all by default.
    dot_axes : pair of sequences of int, optional
        The axes of `A` and of `B` that are multiplied and summed; none by default.
    mode : {"full", "valid", "same"}, default "full"
        As in SciPy; ``"same"`` gives the lengths of `A`.

    Returns
    -------
    array
        The axes of `A` and then those of `B` that are in neither pair, then the convolved ones.

    Raises
    ------
    ShapeMismatchError, ValueError
        If the arrays do not fit.

    Examples
    --------
    >>> convolve(np.array([1.0, 2.0]), np.array([1.0, 10.0, 100.0]))
    array([  1.,  12., 120., 200.])
    """
    if mode not in ("full", "valid", "same"):
        raise AssertionError(f"mode must be 'full', 'valid' or 'same', not {mode!r}")
    return call_with(_convolve, _as_array(A), _as_array(B), axes, dot_axes, mode)


def _as_array(x: Any) -> Any:
    return x if hasattr(x, "shape") else np.asarray(x)
