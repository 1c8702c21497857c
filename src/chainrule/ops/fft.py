"""Discrete Fourier transforms.

The transform matrix is symmetric, so the vector-Jacobian product of a transform is the same transform. The real
transforms keep half of the spectrum; in their rules every frequency that stands for two counts twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.infer import elementwise, normalize_axes, probe_dtype
from chainrule.graph.node import Node
from chainrule.graph.op import Op
from chainrule.ops.complex_numbers import conjugate
from chainrule.ops.indexing import Index, scatter, take_index
from chainrule.ops.joining import as_array
from chainrule.ops.rearranging import roll_op
from chainrule.ops.record import Example, example, function

#: The normalisation that leaves the inverse transform with the factor that the forward one has.
_SWAPPED = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


def _weights(n: int, axis: int, ndim: int, dtype: Any) -> Any:
    """1 for the frequencies that stand alone (zero, and n/2 if n is even), 1/2 for those that stand for two."""
    weights = np.full(n // 2 + 1, 0.5, np.zeros(0, dtype).real.dtype)
    weights[0] = 1
    if n % 2 == 0:
        weights[-1] = 1
    return weights.reshape((-1,) + (1,) * (ndim - 1 - axis))


def _half_spectrum(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    x, axis = inputs[0], params["axis"]
    shape = (*x.shape[:axis], x.shape[axis] // 2 + 1, *x.shape[axis + 1 :])
    return shape, _transform_dtype(op, x, params)


def _from_half(op: Op, inputs: tuple[Node, ...], params: dict[str, Any]) -> tuple[Any, Any]:
    x, axis = inputs[0], params["axis"]
    return (*x.shape[:axis], params["n"], *x.shape[axis + 1 :]), _transform_dtype(op, x, params)


def _transform_dtype(op: Op, x: Node, params: dict[str, Any]) -> Any:
    if x.kind not in op.dtypes:
        op.dtypes[x.kind] = probe_dtype(op, (x,), params)
    return op.dtypes[x.kind]


def _rfft_vjp(g: Any, out: Any, x: Any, axis: int, norm: Any) -> Any:
    """Re Σ_k ḡ_k e^(−2πijk/n) over the half spectrum, as an inverse real transform."""
    n = x.shape[axis]
    halved = conjugate(g) * _weights(n, axis, x.ndim, g.dtype)
    return irfft_op(halved, n=n, axis=axis, norm=_SWAPPED[norm])


def _irfft_vjp(g: Any, out: Any, x: Any, n: int, axis: int, norm: Any) -> Any:
    """Σ_j ḡ_j e^(2πijk/n), twice for the frequencies that stand for two."""
    return conjugate(rfft_op(g, axis=axis, norm=_SWAPPED[norm])) / _weights(n, axis, x.ndim, g.dtype)


fft_op = Op(
    "fft",
    lambda x, axis, norm: np.fft.fft(x, axis=axis, norm=norm),
    elementwise,
    vjp=(lambda g, out, x, axis, norm: fft_op(g, axis=axis, norm=norm),),
    jvp="multilinear",
)
ifft_op = Op(
    "ifft",
    lambda x, axis, norm: np.fft.ifft(x, axis=axis, norm=norm),
    elementwise,
    vjp=(lambda g, out, x, axis, norm: ifft_op(g, axis=axis, norm=norm),),
    jvp="multilinear",
)
rfft_op = Op(
    "rfft",
    lambda x, axis, norm: np.fft.rfft(x, axis=axis, norm=norm),
    _half_spectrum,
    vjp=(_rfft_vjp,),
    jvp="multilinear",
)
irfft_op = Op(
    "irfft",
    lambda x, n, axis, norm: np.fft.irfft(x, n=n, axis=axis, norm=norm),
    _from_half,
    vjp=(_irfft_vjp,),
    jvp="multilinear",
)


def _shifted(x: Any, axes: Any, up: bool) -> Any:
    """Half of each axis moved to its other end."""
    return roll_op(x, shift=tuple([x.shape[i] // 2 if up else -(x.shape[i] // 2) for i in axes]), axis=tuple(axes))


fftshift_op = Op(
    "fftshift",
    lambda x, axes: np.fft.fftshift(x, axes),
    lambda op, inputs, params: (inputs[0].shape, inputs[0].dtype),
    vjp=(lambda g, out, x, axes: ifftshift_op(g, axes=axes),),
    decompose=lambda x, axes: _shifted(x, axes, up=True),
    jvp="multilinear",
)
ifftshift_op = Op(
    "ifftshift",
    lambda x, axes: np.fft.ifftshift(x, axes),
    lambda op, inputs, params: (inputs[0].shape, inputs[0].dtype),
    vjp=(lambda g, out, x, axes: fftshift_op(g, axes=axes),),
    decompose=lambda x, axes: _shifted(x, axes, up=False),
    jvp="multilinear",
)


def _resized(x: Any, n: int | None, axis: int) -> Any:
    """Cut an axis to the first n elements, or fill it up with zeros."""
    length = x.shape[axis]
    n = length if n is None else int(n)
    if n < 1:
        raise ValueError(f"a Fourier transform of {n} points does not exist")
    if n == length:
        return x
    before = (slice(None),) * axis
    if n < length:
        return take_index(x, (*before, slice(0, n)))
    index, _ = Index.parse((*before, slice(0, length)))
    return scatter(x, index=index, shape=(*x.shape[:axis], n, *x.shape[axis + 1 :]))


def _norm(norm: Any) -> Any:
    if norm not in _SWAPPED:
        raise ValueError(f"norm is None, 'backward', 'ortho' or 'forward', not {norm!r}")
    return norm


def _one(op: Op, a: Any, n: Any, axis: int, norm: Any) -> Any:
    a = as_array(a)
    axis = normalize_axes(axis, a.ndim)[0]
    return op(_resized(a, n, axis), axis=axis, norm=_norm(norm))


def _inverse_real(a: Any, n: Any, axis: int, norm: Any) -> Any:
    a = as_array(a)
    axis = normalize_axes(axis, a.ndim)[0]
    n = 2 * (a.shape[axis] - 1) if n is None else int(n)
    if n < 1:
        raise ValueError(f"a Fourier transform of {n} points does not exist")
    return irfft_op(_resized(a, n // 2 + 1, axis), n=n, axis=axis, norm=_norm(norm))


def _lengths_and_axes(a: Any, s: Any, axes: Any) -> tuple[list[Any], list[int]]:
    """One length (None: as it is) for each axis, -1 standing for None."""
    if axes is None:
        axes = range(a.ndim) if s is None else range(-len(s), 0)
    positions = [normalize_axes(int(axis), a.ndim)[0] for axis in axes]
    lengths = [None] * len(positions) if s is None else [None if n is None or n == -1 else int(n) for n in s]
    if len(lengths) != len(positions):
        raise ValueError(f"s has {len(lengths)} lengths for {len(positions)} axes")
    return lengths, positions


def _many(op: Op, a: Any, s: Any, axes: Any, norm: Any) -> Any:
    a = as_array(a)
    lengths, positions = _lengths_and_axes(a, s, axes)
    for n, axis in zip(reversed(lengths), reversed(positions), strict=True):
        a = _one(op, a, n, axis, norm)
    return a


def _many_real(a: Any, s: Any, axes: Any, norm: Any) -> Any:
    a = as_array(a)
    lengths, positions = _lengths_and_axes(a, s, axes)
    a = _one(rfft_op, a, lengths[-1], positions[-1], norm)
    return _many(fft_op, a, [n or -1 for n in lengths[:-1]], positions[:-1], norm)


def _many_inverse_real(a: Any, s: Any, axes: Any, norm: Any) -> Any:
    a = as_array(a)
    lengths, positions = _lengths_and_axes(a, s, axes)
    for n, axis in zip(lengths[:-1], positions[:-1], strict=True):
        a = _one(ifft_op, a, n, axis, norm)
    return _inverse_real(a, lengths[-1], positions[-1], norm)


def _examples_of_one(s: Any) -> list[Example]:
    return [
        example(s.normal(4)),
        example(s.normal(5)),
        example(s.normal(2, 4), n=3),
        example(s.normal(3, 2), n=5, axis=0),
        example(s.normal(2, 4), axis=-1, norm="ortho"),
        example(s.normal(2, 3), axis=1, norm="forward"),
        example(s.normal(3), norm="backward"),
    ]


def _examples_of_two(s: Any) -> list[Example]:
    return [
        example(s.normal(4, 3)),
        example(s.normal(2, 3, 4), norm="ortho"),
        example(s.normal(3, 4), s=(2, 5), axes=(-2, -1)),
        example(s.normal(3, 2, 5), axes=(2, 0), norm="forward"),
    ]


def _examples_of_many(s: Any) -> list[Example]:
    return [
        example(s.normal(5)),
        example(s.normal(2, 3, 4)),
        example(s.normal(3, 4), s=(2, 5), axes=(1, 0)),
        example(s.normal(3, 4), axes=(0,), norm="ortho"),
        example(s.normal(3, 4), s=(-1, 3), axes=(0, 1), norm="forward"),
    ]


@function(np.fft.fft, examples=_examples_of_one, holomorphic=True, name="fft.fft")
def fft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """Discrete Fourier transform along one axis."""
    return _one(fft_op, a, n, axis, norm)


@function(np.fft.ifft, examples=_examples_of_one, holomorphic=True, name="fft.ifft")
def ifft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """Inverse discrete Fourier transform along one axis."""
    return _one(ifft_op, a, n, axis, norm)


@function(np.fft.rfft, examples=_examples_of_one, name="fft.rfft")
def rfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """Transform of real numbers: the half of the spectrum that determines the rest."""
    return _one(rfft_op, a, n, axis, norm)


@function(
    np.fft.irfft,
    examples=lambda s: [*_examples_of_one(s), example(s.normal(3), n=1), example(s.normal(3), n=2)],
    holomorphic=True,
    name="fft.irfft",
)
def irfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """Inverse of `rfft`; `n` is the length of the result."""
    return _inverse_real(a, n, axis, norm)


@function(np.fft.hfft, examples=_examples_of_one, holomorphic=True, name="fft.hfft")
def hfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """Transform of a signal with Hermitian symmetry, given by its half."""
    return _inverse_real(conjugate(as_array(a)), n, axis, _SWAPPED[_norm(norm)])


@function(np.fft.ihfft, examples=_examples_of_one, name="fft.ihfft")
def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    """Inverse of `hfft`."""
    return conjugate(_one(rfft_op, a, n, axis, _SWAPPED[_norm(norm)]))


@function(np.fft.fft2, examples=_examples_of_two, holomorphic=True, name="fft.fft2")
def fft2(a: Any, s: Sequence[int] | None = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    """Discrete Fourier transform along two axes."""
    return _many(fft_op, a, s, axes, norm)


@function(np.fft.ifft2, examples=_examples_of_two, holomorphic=True, name="fft.ifft2")
def ifft2(a: Any, s: Sequence[int] | None = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    """Inverse discrete Fourier transform along two axes."""
    return _many(ifft_op, a, s, axes, norm)


@function(np.fft.rfft2, examples=_examples_of_two, name="fft.rfft2")
def rfft2(a: Any, s: Sequence[int] | None = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    """Transform of real numbers along two axes; the last keeps half of the spectrum."""
    return _many_real(a, s, axes, norm)


@function(np.fft.irfft2, examples=_examples_of_two, holomorphic=True, name="fft.irfft2")
def irfft2(a: Any, s: Sequence[int] | None = None, axes: Any = (-2, -1), norm: str | None = None) -> Any:
    """Inverse of `rfft2`."""
    return _many_inverse_real(a, s, axes, norm)


@function(np.fft.fftn, examples=_examples_of_many, holomorphic=True, name="fft.fftn")
def fftn(a: Any, s: Sequence[int] | None = None, axes: Any = None, norm: str | None = None) -> Any:
    """Discrete Fourier transform along several axes."""
    return _many(fft_op, a, s, axes, norm)


@function(np.fft.ifftn, examples=_examples_of_many, holomorphic=True, name="fft.ifftn")
def ifftn(a: Any, s: Sequence[int] | None = None, axes: Any = None, norm: str | None = None) -> Any:
    """Inverse discrete Fourier transform along several axes."""
    return _many(ifft_op, a, s, axes, norm)


@function(np.fft.rfftn, examples=_examples_of_many, name="fft.rfftn")
def rfftn(a: Any, s: Sequence[int] | None = None, axes: Any = None, norm: str | None = None) -> Any:
    """Transform of real numbers along several axes; the last keeps half of the spectrum."""
    return _many_real(a, s, axes, norm)


@function(np.fft.irfftn, examples=_examples_of_many, holomorphic=True, name="fft.irfftn")
def irfftn(a: Any, s: Sequence[int] | None = None, axes: Any = None, norm: str | None = None) -> Any:
    """Inverse of `rfftn`."""
    return _many_inverse_real(a, s, axes, norm)


def _examples_of_shift(s: Any) -> list[Example]:
    return [
        example(s.normal(5)),
        example(s.normal(3, 4)),
        example(s.normal(3, 4), axes=-1),
        example(s.normal(2, 3), (0,)),
    ]


def _shift_axes(x: Any, axes: Any) -> tuple[int, ...]:
    return normalize_axes(tuple(axes) if isinstance(axes, (list, tuple)) else axes, x.ndim)


@function(np.fft.fftshift, examples=_examples_of_shift, holomorphic=True, name="fft.fftshift")
def fftshift(x: Any, axes: Any = None) -> Any:
    """Move the zero frequency to the middle."""
    return fftshift_op(as_array(x), axes=_shift_axes(as_array(x), axes))


@function(np.fft.ifftshift, examples=_examples_of_shift, holomorphic=True, name="fft.ifftshift")
def ifftshift(x: Any, axes: Any = None) -> Any:
    """Undo `fftshift`."""
    return ifftshift_op(as_array(x), axes=_shift_axes(as_array(x), axes))
