"""Einstein summation. The gradient of an einsum is an einsum: swap the operand's letters with the output's."""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.graph.infer import with_shape
from chainrule.graph.op import Op
from chainrule.ops.joining import as_array
from chainrule.ops.record import example, function
from chainrule.ops.reduction import sum_op
from chainrule.ops.shaping import astype, broadcast_to, reshape, reshape_op, transpose_op

#: In the order in which NumPy sorts the letters of an implicit output.
_LETTERS = string.ascii_uppercase + string.ascii_lowercase

#: Below this number of multiplications the search for a better order costs more than it saves.
_SMALL = 20_000


def _split(subscripts: str) -> tuple[list[str], str]:
    """The letters of each operand, and those of the output.

    >>> _split("ij,jk->ik")
    (['ij', 'jk'], 'ik')
    """
    terms, _, output = subscripts.partition("->")
    return terms.split(","), output


def _sizes(terms: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> dict[str, int]:
    """The length that each letter stands for."""
    return {letter: n for term, shape in zip(terms, shapes, strict=True) for letter, n in zip(term, shape, strict=True)}


def _compute(*operands: Any, subscripts: str) -> Any:
    terms, _ = _split(subscripts)
    work = math.prod(_sizes(terms, [np.shape(value) for value in operands]).values())
    result = np.einsum(subscripts, *operands, optimize=len(operands) > 1 and work > _SMALL)
    return result.copy() if isinstance(result, np.ndarray) and result.base is not None else result


def _shape(*operands: Any, subscripts: str) -> tuple[int, ...]:
    terms, output = _split(subscripts)
    sizes = _sizes(terms, [value.shape for value in operands])
    return tuple([sizes[letter] for letter in output])


def _vjp(position: int, g: Any, out: Any, *operands: Any, subscripts: str) -> Any:
    """Sum upstream gradient times the other operands over all letters that the operand itself does not have.

    A letter that the operand repeats (a diagonal) gets a second name, tied to the first by an identity matrix; a
    letter that no one else has (summed in this operand alone) is broadcast.
    """
    terms, output = _split(subscripts)
    operand = operands[position]
    free = [letter for letter in _LETTERS if letter not in subscripts]
    factors = [g, *[other for i, other in enumerate(operands) if i != position]]
    names = [output, *[term for i, term in enumerate(terms) if i != position]]
    mine = ""
    for letter, length in zip(terms[position], operand.shape, strict=True):
        if letter in mine:
            second = free.pop()
            factors.append(np.eye(length, dtype=operand.dtype))
            names.append(letter + second)
            letter = second
        mine += letter
    known = set("".join(names))
    kept = "".join([letter for letter in mine if letter in known])
    result = einsum_op(*factors, subscripts=f"{','.join(names)}->{kept}")
    if kept == mine:
        return result
    aligned = tuple([n if letter in known else 1 for letter, n in zip(mine, operand.shape, strict=True)])
    return broadcast_to(reshape(result, aligned), operand.shape)


# In terms of other operations -------------------------------------------------------------------------------------


def _steps(*operands: Any, subscripts: str) -> Any:
    """Diagonals and sums of single operands, then products of two at a time; for real numbers."""
    terms, output = _split(subscripts)
    dtype = np.result_type(*[operand.dtype for operand in operands])
    if dtype.kind != "f" or not all(operand.size for operand in operands):
        return None
    parts = [
        _alone(term, astype(operand, dtype), output + "".join(terms[:i] + terms[i + 1 :]))
        for i, (term, operand) in enumerate(zip(terms, operands, strict=True))
    ]
    while len(parts) > 1:
        first, second = _next_pair(parts, output)
        rest = [part for i, part in enumerate(parts) if i not in (first, second)]
        wanted = output + "".join([term for term, _ in rest])
        parts = [*rest, _pair(*parts[first], *parts[second], wanted)]
    (term, result) = parts[0]
    order = tuple([term.index(letter) for letter in output])
    return result if order == tuple(range(len(order))) else transpose_op(result, axes=order)


def _alone(term: str, x: Any, wanted: str) -> tuple[str, Any]:
    """Take diagonals for letters that repeat, and sum over those that no one else has."""
    from chainrule.ops.diagonals import diagonal_op

    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            first = term.index(letter)
            second = term.index(letter, first + 1)
            x = diagonal_op(x, offset=0, axis1=first, axis2=second)
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + letter
    gone = tuple([i for i, letter in enumerate(term) if letter not in wanted])
    if gone:
        x, term = sum_op(x, axis=gone, keepdims=False), "".join([letter for letter in term if letter in wanted])
    return term, x


def _next_pair(parts: Sequence[tuple[str, Any]], output: str) -> tuple[int, int]:
    """The two operands whose product is smallest."""

    def size(pair: tuple[int, int]) -> int:
        others = output + "".join([term for i, (term, _) in enumerate(parts) if i not in pair])
        lengths = _sizes([parts[i][0] for i in pair], [parts[i][1].shape for i in pair])
        return math.prod([n for letter, n in lengths.items() if letter in others])

    return min(itertools.combinations(range(len(parts)), 2), key=size)


def _pair(left: str, a: Any, right: str, b: Any, wanted: str) -> tuple[str, Any]:
    """The product of two operands, summed over the letters that are not wanted: elementwise, or a matrix product."""
    from chainrule.ops.products import matmul

    both = [letter for letter in left if letter in right]
    inner = "".join([letter for letter in both if letter not in wanted])
    stack = "".join([letter for letter in both if letter in wanted])
    rows = "".join([letter for letter in left if letter not in both])
    columns = "".join([letter for letter in right if letter not in both])
    if not inner:
        letters = stack + rows + columns
        return letters, _aligned(left, a, letters) * _aligned(right, b, letters)
    lengths = _sizes([left, right], [a.shape, b.shape])
    product = matmul(
        _grouped(left, a, [*stack, *([rows] if rows or stack else []), inner]),
        _grouped(right, b, [*stack, inner, *([columns] if columns or stack else [])]),
    )
    letters = stack + rows + columns
    return letters, reshape_op(product, shape=tuple([lengths[letter] for letter in letters]))


def _aligned(term: str, x: Any, letters: str) -> Any:
    """The axes in the order of the letters, with axes of length 1 for those that are missing."""
    x = _grouped(term, x, [letter for letter in letters if letter in term])
    lengths = iter(x.shape)
    return reshape_op(x, shape=tuple([next(lengths) if letter in term else 1 for letter in letters]))


def _grouped(term: str, x: Any, groups: Sequence[str]) -> Any:
    """One axis for each group of letters."""
    order = tuple([term.index(letter) for group in groups for letter in group])
    shape = tuple([math.prod([x.shape[term.index(letter)] for letter in group]) for group in groups])
    if order != tuple(range(len(order))):
        x = transpose_op(x, axes=order)
    return x if x.shape == shape else reshape_op(x, shape=shape)


einsum_op = Op("einsum", _compute, with_shape(_shape), vjp=_vjp, jvp="multilinear", decompose=_steps)


def _from_lists(arguments: Sequence[Any]) -> tuple[str, list[Any]]:
    """The second calling form, ``einsum(a, [0, 1], b, [1, 2], [0, 2])``, as subscripts and operands."""

    def letters(labels: Sequence[Any]) -> str:
        return "".join(["..." if label is Ellipsis else _LETTERS[label] for label in labels])

    pairs = len(arguments) // 2
    subscripts = ",".join([letters(arguments[2 * i + 1]) for i in range(pairs)])
    if len(arguments) % 2:
        subscripts += "->" + letters(arguments[-1])
    return subscripts, [arguments[2 * i] for i in range(pairs)]


def _implicit_output(terms: Sequence[str]) -> str:
    """The letters that occur once, sorted, behind the axes of the ellipsis."""
    text = "".join(terms).replace(".", "")
    once = sorted([letter for letter in set(text) if text.count(letter) == 1])
    return ("..." if any("..." in term for term in terms) else "") + "".join(once)


def _without_ellipsis(terms: list[str], output: str, operands: Sequence[Any]) -> tuple[list[str], str]:
    """Name the axes that an ellipsis stands for."""
    hidden = [
        operand.ndim - len(term) + 3 if "..." in term else 0 for term, operand in zip(terms, operands, strict=True)
    ]
    if any(count < 0 for count in hidden):
        raise ValueError("an operand has fewer dimensions than its subscripts name")
    free = [letter for letter in _LETTERS if letter not in "".join(terms) + output]
    names = "".join(free[: max(hidden)])
    full = [term.replace("...", names[len(names) - count :]) for term, count in zip(terms, hidden, strict=True)]
    return full, output.replace("...", names)


def _checked_sizes(terms: Sequence[str], output: str, operands: Sequence[Any]) -> dict[str, int]:
    """The length of each letter, where axes of length 1 broadcast."""
    sizes: dict[str, int] = {}
    for term, operand in zip(terms, operands, strict=True):
        if len(term) != operand.ndim:
            raise ValueError(
                f"the subscripts {term!r} name {len(term)} dimensions of an array of shape {operand.shape}"
            )
        own: dict[str, int] = {}
        for letter, length in zip(term, operand.shape, strict=True):
            if own.setdefault(letter, length) != length:
                raise ValueError(
                    f"{letter!r} repeats in {term!r}, for the different lengths {own[letter]} and {length}"
                )
            if sizes.get(letter, 1) != 1 and length not in (1, sizes[letter]):
                raise ValueError(f"{letter!r} stands for the lengths {sizes[letter]} and {length}")
            sizes[letter] = length if length != 1 else sizes.get(letter, 1)
    for letter in output:
        if letter not in sizes or output.count(letter) > 1:
            raise ValueError(f"{letter!r} of the output must occur in an operand, and once in the output")
    return sizes


def _drop_stretched(term: str, operand: Any, sizes: dict[str, int]) -> tuple[str, Any]:
    """Take out the axes of length 1 that broadcast against longer ones: the other operand has the letter."""
    stays = [i for i, letter in enumerate(term) if operand.shape[i] == sizes[letter]]
    if len(stays) == len(term):
        return term, operand
    return "".join([term[i] for i in stays]), reshape(operand, tuple([operand.shape[i] for i in stays]))


@function(
    np.einsum,
    examples=lambda s: [
        example("ij,jk->ik", s.normal(2, 3), s.normal(3, 4)),
        example("ij,jk", s.normal(2, 3), s.normal(3, 2)),
        example("ba", s.normal(2, 3)),
        example("ii", s.normal(3, 3)),
        example("ii->i", s.normal(3, 3)),
        example("iij->j", s.normal(2, 2, 3)),
        example("ij->", s.normal(2, 3)),
        example("ij->j", s.normal(2, 3)),
        example("i,i", s.normal(3), s.normal(3)),
        example("i,j->ij", s.normal(2), s.normal(3)),
        example("ij,j,k->i", s.normal(2, 3), s.normal(3), s.normal(2)),
        example("...ij,...jk->...ik", s.normal(2, 2, 3), s.normal(3, 2)),
        example("...i,...i", s.normal(2, 1, 3), s.normal(4, 3)),
        example("i...->...", s.normal(2, 3)),
        example("...,...", s.normal(2, 3), 2.0),
        example("ij,jk->ik", s.normal(2, 1), s.normal(3, 2)),
        example("ij,ij->ij", s.normal(2, 1), s.normal(1, 3)),
        example("ij,jk->ik", s.normal(0, 3), s.normal(3, 2)),
        example("ij , jk -> ki", s.normal(2, 3), s.normal(3, 2), optimize=True),
        example(s.normal(2, 3), [0, 1], s.normal(3, 2), [1, 2], [2, 0]),
        example(s.normal(2, 3), [Ellipsis, 1], s.normal(3), [1]),
    ],
    holomorphic=True,
)
def einsum(
    *operands: Any, out: None = None, dtype: Any = None, order: str = "K", casting: str = "safe", optimize: Any = False
) -> Any:
    """Sum of products over named axes, in both of NumPy's calling forms."""
    if isinstance(operands[0], str):
        subscripts, values = operands[0].replace(" ", ""), list(operands[1:])
    else:
        subscripts, values = _from_lists(operands)
    values = [as_array(value) for value in values]
    terms, output = _split(subscripts)
    if len(terms) != len(values):
        raise ValueError(f"the subscripts {subscripts!r} are for {len(terms)} operands, {len(values)} were given")
    if "->" not in subscripts:
        output = _implicit_output(terms)
    terms, output = _without_ellipsis(terms, output, values)
    sizes = _checked_sizes(terms, output, values)
    fitted = [_drop_stretched(term, value, sizes) for term, value in zip(terms, values, strict=True)]
    if dtype is not None:
        fitted = [(term, astype(value, dtype)) for term, value in fitted]
    return einsum_op(*[value for _, value in fitted], subscripts=f"{','.join([term for term, _ in fitted])}->{output}")
