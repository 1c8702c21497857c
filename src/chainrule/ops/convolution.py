"""Convolution and correlation. One primitive, a valid correlation with channels, is closed under differentiation."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.infer import normalize_axes, with_shape
from chainrule.graph.op import Op
from chainrule.ops.complex_numbers import conjugate
from chainrule.ops.indexing import Index, scatter, take_index
from chainrule.ops.joining import as_array
from chainrule.ops.products import matmul
from chainrule.ops.record import example, function
from chainrule.ops.shaping import astype, reshape, swapaxes, transpose

Shape = tuple[int, ...]

#: Up to this number of elements all windows are laid out at once; beyond, memory matters more than speed.
_MOST_WINDOW_ELEMENTS = 1 << 22

#: Up to this number of elements of a kernel, compiled code is written for each of them.
_MOST_STEPS = 32


def _correlate(a: Any, b: Any) -> Any:
    """out[i, j, k] = Σ a[i, d, k + n] b[j, d, n] over d and n; k and n may be several axes each."""
    kernel = b.shape[2:]
    if len(kernel) == 1 and a.shape[:2] == b.shape[:2] == (1, 1) and kernel[0]:
        return np.correlate(a[0, 0], np.conj(b[0, 0]), "valid")[None, None]
    steps = tuple([n - m + 1 for n, m in zip(a.shape[2:], kernel, strict=True)])
    last = tuple(range(-len(kernel), 0))
    if math.prod(steps) * math.prod(kernel) * a.shape[0] * a.shape[1] <= _MOST_WINDOW_ELEMENTS:
        windows = np.lib.stride_tricks.sliding_window_view(a, kernel, axis=last) if kernel else a
        product = np.tensordot(windows, b, axes=((1, *last), (1, *last)) if kernel else ((1,), (1,)))
        return np.moveaxis(product, -1, 1)
    out: Any = np.zeros((a.shape[0], b.shape[0], *steps), np.result_type(a, b))
    if math.prod(kernel) <= math.prod(steps):
        for offset in itertools.product(*map(range, kernel)):
            part = a[(..., *[slice(i, i + n) for i, n in zip(offset, steps, strict=True)])]
            out += np.moveaxis(np.tensordot(part, b[(..., *offset)], axes=(1, 1)), -1, 1)
        return out
    for place in itertools.product(*map(range, steps)):
        part = a[(..., *[slice(i, i + m) for i, m in zip(place, kernel, strict=True)])]
        out[(..., *place)] = np.tensordot(part, b, axes=((1, *last), (1, *last)))
    return out


def _correlate_shape(a: Any, b: Any) -> Shape:
    if any(n < m for n, m in zip(a.shape[2:], b.shape[2:], strict=True)):
        raise ValueError("one array must be at least as long as the other along every convolved axis")
    return (a.shape[0], b.shape[0], *[n - m + 1 for n, m in zip(a.shape[2:], b.shape[2:], strict=True)])


def _correlate_vjp_a(g: Any, out: Any, a: Any, b: Any) -> Any:
    """ā[i, d, m] = Σ ḡ[i, j, m − n] b[j, d, n]: the padded ḡ with the flipped kernel."""
    margins = tuple([m - 1 for m in b.shape[2:]])
    return correlate_op(pad_last(g, margins, margins), swapaxes(flip_last(b, len(margins)), 0, 1))


def _correlate_vjp_b(g: Any, out: Any, a: Any, b: Any) -> Any:
    """b̄[j, d, n] = Σ ḡ[i, j, k] a[i, d, k + n]: a with ḡ as the kernel, summed over i."""
    return swapaxes(correlate_op(swapaxes(a, 0, 1), swapaxes(g, 0, 1)), 0, 1)


def _correlate_steps(a: Any, b: Any) -> Any:
    """For kernels of few elements: each of them times the part of the array that it meets."""
    kernel = b.shape[2:]
    dtype = np.result_type(a.dtype, b.dtype)
    if dtype.kind != "f" or not 0 < math.prod(kernel) <= _MOST_STEPS:
        return None
    a, b = astype(a, dtype), astype(b, dtype)
    steps = tuple([n - m + 1 for n, m in zip(a.shape[2:], kernel, strict=True)])
    total = None
    for offset in itertools.product(*map(range, kernel)):
        part = a[(..., *[slice(i, i + n) for i, n in zip(offset, steps, strict=True)])]
        weights = b[(..., *offset)]
        if a.shape[1] == 1:
            term = part * reshape(weights, (1, -1, *[1] * len(steps)))
        else:
            term = matmul(weights, reshape(part, (*part.shape[:2], math.prod(steps))))
        total = term if total is None else total + term
    return reshape(total, (a.shape[0], b.shape[0], *steps))


correlate_op = Op(
    "correlate",
    _correlate,
    with_shape(_correlate_shape),
    vjp=(_correlate_vjp_a, _correlate_vjp_b),
    jvp="multilinear",
    decompose=_correlate_steps,
)


def pad_last(x: Any, before: Shape, after: Shape) -> Any:
    """Zeros before and after, along the last axes."""
    if not any(before) and not any(after):
        return x
    count = len(before)
    lengths = x.shape[x.ndim - count :]
    inside = tuple([slice(left, left + n) for left, n in zip(before, lengths, strict=True)])
    index, _ = Index.parse((Ellipsis, *inside))
    shape = x.shape[: x.ndim - count] + tuple(
        [left + n + right for left, n, right in zip(before, lengths, after, strict=True)]
    )
    return scatter(x, index=index, shape=shape)


def flip_last(x: Any, count: int) -> Any:
    """Reverse the last axes."""
    return take_index(x, (Ellipsis, *[slice(None, None, -1)] * count)) if count else x


def _crop_last(x: Any, starts: Shape, lengths: Shape) -> Any:
    inside = tuple([slice(start, start + n) for start, n in zip(starts, lengths, strict=True)])
    return take_index(x, (Ellipsis, *inside)) if inside else x


def convolve_channels(a: Any, b: Any, mode: str) -> Any:
    """Convolve ``a[i, d, ...]`` with ``b[j, d, ...]``, summed over d, along all further axes.

    Parameters
    ----------
    a, b : node or array
    mode : {"full", "valid", "same"}
        ``same`` has the size of `a` and is centred.

    Returns
    -------
    node or array
        ``out[i, j, ...]``.
    """
    count = a.ndim - 2
    n, m = a.shape[2:], b.shape[2:]
    if mode == "valid":
        if any(i < j for i, j in zip(n, m, strict=True)):
            return swapaxes(correlate_op(b, flip_last(a, count)), 0, 1)
        return correlate_op(a, flip_last(b, count))
    if mode == "same":
        before = tuple([j - 1 - (j - 1) // 2 for j in m])
        after = tuple([(j - 1) // 2 for j in m])
        return correlate_op(pad_last(a, before, after), flip_last(b, count))
    if mode != "full":
        raise ValueError(f"the mode {mode!r} is not one of 'full', 'valid' and 'same'")
    if math.prod(n) < math.prod(m):  # pad the longer one
        return swapaxes(convolve_channels(b, a, mode), 0, 1)
    margins = tuple([j - 1 for j in m])
    return correlate_op(pad_last(a, margins, margins), flip_last(b, count))


def convolve_all(a: Any, b: Any, mode: str) -> Any:
    """Convolve two arrays of equally many dimensions along all of them."""
    product = convolve_channels(reshape(a, (1, 1, *a.shape)), reshape(b, (1, 1, *b.shape)), mode)
    return reshape(product, product.shape[2:])


_MODES = {0: "valid", 1: "same", 2: "full", "v": "valid", "s": "same", "f": "full"}


def _operands(a: Any, v: Any) -> tuple[Any, Any]:
    """Both as vectors that are not empty, as NumPy's one-dimensional functions want them."""
    pair = []
    for x in (a, v):
        x = as_array(x)
        if x.ndim > 1:
            raise ValueError(f"an array of shape {x.shape} is no vector; chainrule.scipy.signal has more dimensions")
        if x.size == 0:
            raise ValueError("an empty array cannot be convolved")
        pair.append(x if x.ndim else reshape(x, (1,)))
    return pair[0], pair[1]


def _numpy_convolve(a: Any, v: Any, mode: Any) -> Any:
    mode = _MODES.get(mode, mode)
    if a.size < v.size:
        a, v = v, a
    return convolve_all(a, v, mode)


@function(
    np.convolve,
    examples=lambda s: [
        example(s.normal(5), s.normal(3)),
        example(s.normal(2), s.normal(4), "same"),
        example(s.normal(5), s.normal(4), mode="same"),
        example(s.normal(5), s.normal(3), mode="same"),
        example(s.normal(5), s.normal(3), "valid"),
        example(s.normal(2), s.normal(5), "valid"),
        example(s.normal(3), s.normal(3), "valid"),
    ],
    holomorphic=True,
)
def convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    """Convolution of two vectors."""
    return _numpy_convolve(*_operands(a, v), mode)


@function(
    np.correlate,
    examples=lambda s: [
        example(s.normal(5), s.normal(3)),
        example(s.normal(2), s.normal(5)),
        example(s.normal(5), s.normal(3), "full"),
        example(s.normal(5), s.normal(4), "same"),
        example(s.normal(4), s.normal(5), mode="same"),
        example(s.normal(2), s.normal(5), mode="same"),
        example(s.normal(2), s.normal(5), mode="full"),
    ],
    holomorphic=True,
)
def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """Σ a[n + k] conj(v[n]) for each shift k."""
    a, v = _operands(a, v)
    v = conjugate(v) if v.dtype.kind == "c" else v
    if _MODES.get(mode, mode) == "valid" and a.size >= v.size:  # what is recorded reads as it was written
        return reshape(correlate_op(reshape(a, (1, 1, a.size)), reshape(v, (1, 1, v.size))), (a.size - v.size + 1,))
    kernel = flip_last(v, 1)
    if _MODES.get(mode, mode) == "same" and a.size < v.size:  # NumPy swaps, and reverses what it cut out
        return _crop_last(convolve_all(a, kernel, "full"), (a.size // 2,), (v.size,))
    return _numpy_convolve(a, kernel, mode)


def _axis_groups(ndim: int, convolved: Sequence[int], summed: Sequence[int]) -> tuple[Shape, Shape, Shape]:
    """Axes that neither take part, that are summed, and that are convolved."""
    along = tuple([normalize_axes(int(axis), ndim)[0] for axis in convolved])
    over = tuple([normalize_axes(int(axis), ndim)[0] for axis in summed])
    rest = tuple([axis for axis in range(ndim) if axis not in along and axis not in over])
    return rest, over, along


@function(
    examples=lambda s: [
        example(s.normal(4, 3), s.normal(2, 2)),
        example(s.normal(5, 2), s.normal(3, 2), axes=([0], [0]), dot_axes=([1], [1]), mode="valid"),
        example(s.normal(2, 5), s.normal(3, 2), axes=([1], [0]), mode="full"),
        example(s.normal(2, 3, 4), s.normal(3, 2, 2), axes=([2], [1]), dot_axes=([1], [0]), mode="same"),
        example(s.normal(2, 3), s.normal(4, 5), axes=([1], [1]), mode="valid"),
        example(s.normal(2, 3), s.normal(3, 2), axes=([], []), dot_axes=([1], [0])),
    ],
    holomorphic=True,
)
def convolve_axes(
    A: Any,
    B: Any,
    axes: Any = None,
    dot_axes: Any = ((), ()),
    mode: str = "full",
) -> Any:
    """Convolve along pairs of axes and sum products over others; the remaining axes of both stay.

    Parameters
    ----------
    A, B : node or array
    axes : pair of sequences of int, optional
        Axes of `A` and of `B` that are convolved with each other; by default all.
    dot_axes : pair of sequences of int, default none
        Axes of `A` and of `B` that are summed over.
    mode : {"full", "valid", "same"}

    Returns
    -------
    node or array
        Its axes: the remaining ones of `A`, those of `B`, the convolved ones.
    """
    A, B = as_array(A), as_array(B)
    if axes is None:
        axes = (range(A.ndim), range(A.ndim))
    rest_a, over_a, along_a = _axis_groups(A.ndim, axes[0], dot_axes[0])
    rest_b, over_b, along_b = _axis_groups(B.ndim, axes[1], dot_axes[1])
    if len(along_a) != len(along_b) or [A.shape[i] for i in over_a] != [B.shape[i] for i in over_b]:
        raise ValueError("axes and dot_axes must name as many axes of A as of B, of equal lengths for dot_axes")

    def channels(x: Any, rest: Shape, over: Shape, along: Shape) -> Any:
        sizes = (math.prod([x.shape[i] for i in rest]), math.prod([x.shape[i] for i in over]))
        return reshape(transpose(x, rest + over + along), sizes + tuple([x.shape[i] for i in along]))

    product = convolve_channels(channels(A, rest_a, over_a, along_a), channels(B, rest_b, over_b, along_b), mode)
    kept = tuple([A.shape[i] for i in rest_a]) + tuple([B.shape[i] for i in rest_b])
    return reshape(product, kept + product.shape[2:])
