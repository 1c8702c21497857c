"""``scipy.signal``: convolution and correlation in any number of dimensions."""

from __future__ import annotations

from typing import Any

import scipy.signal

from chainrule.graph.infer import normalize_axes
from chainrule.ops import fft
from chainrule.ops.complex_numbers import conjugate
from chainrule.ops.convolution import convolve_all, flip_last
from chainrule.ops.indexing import take_index
from chainrule.ops.joining import as_array
from chainrule.ops.record import Example, example, function

#: From this number of multiplications on, transforms are quicker than sums of products.
_LARGE = 10_000_000


def _pair(in1: Any, in2: Any) -> tuple[Any, Any]:
    in1, in2 = as_array(in1), as_array(in2)
    if in1.ndim != in2.ndim:
        raise ValueError(f"arrays of {in1.ndim} and {in2.ndim} dimensions; both need the same number")
    return in1, in2


def _cropped(full: Any, start: int, length: int, axis: int) -> Any:
    return take_index(full, (*(slice(None),) * axis, slice(start, start + length)))


def _by_transform(in1: Any, in2: Any, mode: str, axes: tuple[int, ...]) -> Any:
    """Multiply the spectra along some axes; the others broadcast."""
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"the mode {mode!r} is not one of 'full', 'valid' and 'same'")
    if not axes:
        return in1 * in2
    lengths = [in1.shape[i] + in2.shape[i] - 1 for i in axes]
    if in1.dtype.kind == in2.dtype.kind == "f":
        spectrum = fft.rfftn(in1, lengths, axes) * fft.rfftn(in2, lengths, axes)
        result = fft.irfftn(spectrum, lengths, axes)
    else:
        result = fft.ifftn(fft.fftn(in1, lengths, axes) * fft.fftn(in2, lengths, axes), lengths, axes)
    for axis in axes if mode != "full" else ():
        n, m = in1.shape[axis], in2.shape[axis]
        length = n if mode == "same" else abs(n - m) + 1
        result = _cropped(result, (n + m - 1 - length) // 2, length, axis)
    return result


def _size_examples(s: Any) -> list[Example]:
    return [
        example(s.normal(5), s.normal(3)),
        example(s.normal(3, 4), s.normal(2, 2)),
        example(s.normal(2, 2), s.normal(3, 2)),
        example(s.normal(4, 3), s.normal(2, 2), mode="same"),
        example(s.normal(5), s.normal(4), "same"),
        example(s.normal(2), s.normal(5), "same"),
        example(s.normal(4, 3), s.normal(2, 2), "valid"),
        example(s.normal(2), s.normal(5), mode="valid"),
    ]


@function(
    scipy.signal.convolve,
    examples=lambda s: [*_size_examples(s), example(s.normal(4), s.normal(2), method="fft")],
    holomorphic=True,
    name="scipy.signal.convolve",
)
def convolve(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """Convolution of two arrays along all axes; ``mode="same"`` is centred and has the size of the first."""
    in1, in2 = _pair(in1, in2)
    if method == "fft" or (method == "auto" and in1.size * in2.size > _LARGE):
        return _by_transform(in1, in2, mode, tuple(range(in1.ndim)))
    return convolve_all(in1, in2, mode)


@function(scipy.signal.correlate, examples=_size_examples, holomorphic=True, name="scipy.signal.correlate")
def correlate(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """Correlation of two arrays along all axes: convolution with the reversed, conjugated second one."""
    in1, in2 = _pair(in1, in2)
    return convolve(in1, flip_last(conjugate(in2) if in2.dtype.kind == "c" else in2, in2.ndim), mode, method)


@function(
    scipy.signal.fftconvolve,
    scipy.signal.oaconvolve,
    examples=lambda s: [
        *_size_examples(s),
        example(s.normal(2, 4), s.normal(2, 3), axes=1),
        example(s.normal(4, 3), s.normal(2, 1), "same", axes=(0,)),
    ],
    holomorphic=True,
    name="scipy.signal.fftconvolve",
)
def fftconvolve(in1: Any, in2: Any, mode: str = "full", axes: Any = None) -> Any:
    """Convolution by Fourier transforms along some or all axes; along the others the arrays broadcast."""
    in1, in2 = _pair(in1, in2)
    listed = tuple(axes) if isinstance(axes, (tuple, list)) else axes
    return _by_transform(in1, in2, mode, normalize_axes(listed, in1.ndim))
