"""The errors and warnings of chainrule: each one says what happened, where, and what to write instead.

Every error derives from `ChainRuleError` and from the built-in class a reader would expect (`TypeError`,
`ValueError`, ...), so that ``except TypeError`` keeps working for people who do not know this module.
The message has three parts, always in this order: what happened to which value, the line of user code,
and the fix.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "ChainRuleError",
    "ConfigError",
    "DataError",
    "DerivativeCheckError",
    "DivergenceError",
    "FormulaError",
    "GraphError",
    "IndependentOutputWarning",
    "IntegerInputError",
    "InterpretedWarning",
    "MissingPackageError",
    "NonDifferentiableError",
    "NonFiniteWarning",
    "NonScalarOutputError",
    "RecompilationWarning",
    "ShapeMismatchError",
    "StaleViewError",
    "StaticArgumentError",
    "StorageError",
    "StructureError",
    "TraceLeakError",
    "TracedBranchError",
    "UnsupportedOperationError",
]


class ChainRuleError(Exception):
    """Base class of every error that chainrule raises on purpose.

    Parameters
    ----------
    what : str
        What happened, naming the value and its shape.
    where : str, optional
        File, line and text of the user's code.
    fix : str, optional
        What to write instead.

    Examples
    --------
    >>> print(ChainRuleError("x went wrong", where="model.py, line 3: y = f(x)", fix="write g(x)"))
    x went wrong
      at  model.py, line 3: y = f(x)
      fix write g(x)
    """

    def __init__(self, what: str, *, where: str | None = None, fix: str | None = None) -> None:
        lines = [what]
        if where:
            lines.append(f"  at  {where}")
        if fix:
            lines.append(f"  fix {fix}")
        super().__init__("\n".join(lines))
        self.what = what
        self.where = where
        self.fix = fix


class TraceLeakError(ChainRuleError, TypeError):
    """A traced value was about to leave the graph unseen, which would lose its gradient.

    A function such as `float` or `math.exp` needs a plain number. Handing one out would cut the graph at
    that place, and the gradient through it would silently be zero.

    Examples
    --------
    >>> import math, chainrule as cr
    >>> try:
    ...     cr.grad(lambda x: math.exp(x))(1.0)
    ... except cr.errors.TraceLeakError as error:
    ...     print(error.what)
    float() was called on the traced value x (shape (), float64), which would cut it out of the graph

    Write ``np.exp(x)`` instead of ``math.exp(x)``; `chainrule.stop_gradient` where no gradient is wanted.
    """


class TracedBranchError(TraceLeakError, TypeError):
    """A compiled function looked at a number: it is traced once for all numbers, so there is none to look at.

    ``if x > 0``, ``range(int(n))`` or a shape such as that of ``x[x > 0]`` would be fixed for the numbers of the first
    call, and wrong in the next.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> try:
    ...     cr.jit(lambda x: x if x > 0 else 0.1 * x)(2.0)
    ... except cr.errors.TracedBranchError as error:
    ...     print(error.what.split(",")[0])
    a value (shape ()

    Write ``np.where(x > 0, x, 0.1 * x)``, `chainrule.cond`, `chainrule.scan` or `chainrule.while_loop`; or make what
    decides a static argument: ``cr.jit(f, static_argnums=1)``.
    """


class NonScalarOutputError(ChainRuleError, TypeError):
    """`grad` needs a function that returns one real number, and this one returned something else.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> try:
    ...     cr.grad(lambda x: x * 2)(np.ones(3))
    ... except cr.errors.NonScalarOutputError as error:
    ...     print(error.what)
    grad needs a function that returns one real number, but <lambda> returned an array of shape (3,), float64

    Sum or average the output, or ask for `jacobian` or `elementwise_grad`.
    """


class IntegerInputError(ChainRuleError, TypeError):
    """A gradient was asked with respect to integers or booleans, which have no derivative.

    Examples
    --------
    >>> import chainrule as cr
    >>> try:
    ...     cr.grad(lambda x: x ** 2)(3)
    ... except cr.errors.IntegerInputError as error:
    ...     print(error.what)
    x (shape (), int64) is not a real or complex floating-point value, so it has no gradient

    Write ``3.0`` instead of ``3``, or convert with ``x.astype(float)``.
    """


class NonDifferentiableError(ChainRuleError, TypeError, NotImplementedError):
    """A gradient was asked through an operation that has none.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> try:
    ...     cr.grad(lambda x: np.nextafter(x, 2.0))(1.0)
    ... except cr.errors.NonDifferentiableError as error:
    ...     print(error.what)
    nextafter has no derivative with respect to its argument 0

    Give the operation a rule with `chainrule.custom_vjp`, or wrap the argument in `chainrule.stop_gradient`
    where no gradient is wanted.
    """


class UnsupportedOperationError(ChainRuleError, TypeError, NotImplementedError):
    """A NumPy or SciPy function was called on a traced value that chainrule has no record for.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> try:
    ...     cr.grad(lambda x: np.apply_over_axes(np.sum, x, [0]))(np.ones(3))
    ... except cr.errors.UnsupportedOperationError as error:
    ...     print(error.what)
    numpy.apply_over_axes is not known to chainrule, so it cannot be recorded

    Write it with functions of the coverage table (here ``np.sum(x, axis=0)``), or give the function a gradient
    with `chainrule.custom_vjp`.
    """


class ShapeMismatchError(ChainRuleError, ValueError):
    """The shapes of two values do not fit the operation between them.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> def f(x, w):
    ...     return np.sum(x @ w)
    >>> try:
    ...     cr.grad(f)(np.ones((2, 3)), np.ones((4, 5)))
    ... except cr.errors.ShapeMismatchError as error:
    ...     print(error.what)
    matmul cannot combine x (shape (2, 3), float64) and an array (shape (4, 5), float64): 3 columns meet 4 rows

    Transpose one of them, or make the shapes agree with ``reshape`` or ``x[:, None]``.
    """


class StructureError(ChainRuleError, ValueError):
    """Containers that must have the same structure differ, or an argument number does not exist.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> try:
    ...     cr.jvp(lambda p: p["w"] * 2, ({"w": 1.0},), ({"v": 1.0},))
    ... except cr.errors.StructureError as error:
    ...     print(error.what)
    the tangents and the primals differ in structure: ({'v': *},) and ({'w': *},)

    Give a container with the same keys, lengths and types.
    """


class StaleViewError(ChainRuleError, RuntimeError):
    """A view of a traced array was used after the array it looks at had been assigned to.

    NumPy would show the new numbers through such a view, or not, depending on the memory layout; chainrule
    refuses to guess. Views made by slices and transposes follow the assignment, as in NumPy.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> def f(x):
    ...     flat = x.reshape(-1)
    ...     x[0, 0] = 5.0
    ...     return np.sum(flat)
    >>> try:
    ...     cr.grad(f)(np.ones((2, 2)))
    ... except cr.errors.StaleViewError as error:
    ...     print(error.what.split(";")[0])
    flat (shape (4,)) was made from x (shape (2, 2), float64) by reshape, and that array was assigned to since

    Take the view again after the assignment, or copy it before: ``flat = x.reshape(-1).copy()``.
    """


class StaticArgumentError(ChainRuleError, TypeError):
    """`jit` was given a static argument that it cannot tell from another, or that does not exist.

    Programs are kept by the values of static arguments, so these must be hashable, as numbers, text and functions are.

    Examples
    --------
    >>> import numpy as np, chainrule as cr
    >>> try:
    ...     cr.jit(lambda x, n: x * n, static_argnums=1)(2.0, np.ones(3))
    ... except cr.errors.StaticArgumentError as error:
    ...     print(error.what)
    n (shape (3,), float64) is a static argument of <lambda>, but an array cannot be hashed

    Leave arrays out of `static_argnums`; convert other objects to tuples, numbers or text.
    """


class GraphError(ChainRuleError, ValueError):
    """A graph broke its own rules, or rules that rewrite graphs undo each other: a mistake in a rule, not in user code.

    Examples
    --------
    >>> import chainrule as cr
    >>> from chainrule.ops.arithmetic import negative
    >>> from chainrule.simplify.rewrite import Rule, RuleSet
    >>> grow = Rule("-x = -(-(-x))", ("negative",), lambda node: negative(negative(node)))
    >>> try:
    ...     RuleSet("endless", [grow]).rewrite(cr.trace(lambda x: -x, 1.0).nodes, {})
    ... except cr.errors.GraphError as error:
    ...     print(error.what)
    the rules of 'endless' undo each other without end; the last was '-x = -(-(-x))'

    Make the rule apply only where its result is simpler than what it replaces.
    """


class DerivativeCheckError(ChainRuleError, AssertionError):
    """`check_grads` found a gradient that does not agree with finite differences.

    Examples
    --------
    >>> import chainrule as cr
    >>> @cr.custom_vjp
    ... def cube(x):
    ...     return x * x * x
    >>> cube.defvjp(lambda x: (x * x * x, x), lambda x, g: (2 * x * x * g,))
    >>> try:
    ...     cr.check_grads(cube, 1.0, order=1, modes=("rev",))
    ... except cr.errors.DerivativeCheckError as error:
    ...     print(error.what.split(":")[0])
    the reverse mode of cube disagrees with finite differences

    Correct the rule (here ``3 * x * x * g``), or check at a point where the function is smooth.
    """


class FormulaError(ChainRuleError, ValueError):
    """A typed formula could not be understood; the message carries a caret under the column.

    Examples
    --------
    >>> from chainrule.explain.formulas import parse
    >>> try:
    ...     parse("x ^ 2")
    ... except FormulaError as error:
    ...     print(error)
    ^ is no power here
      x ^ 2
       ^
      fix write ** for a power
    """


class DataError(ChainRuleError, ValueError):
    r"""A table cannot be used for training; the message names file, line and column.

    Attributes
    ----------
    column : str or None
        The one column that is in the way, where the table can be used without it.
    encoding : str or None
        That of the text, where it is none in UTF-8 and would be in this one.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from chainrule.tables import infer_schema
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "data.csv")
    ...     _ = path.write_text("size,size,sold\n1.5,2,yes\n")
    ...     try:
    ...         infer_schema(path, "sold")
    ...     except DataError as error:
    ...         print(error.what.replace(folder, "")[1:])
    data.csv has two columns named 'size', number 1 and number 2
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        fix: str | None = None,
        column: str | None = None,
        encoding: str | None = None,
    ) -> None:
        super().__init__(what, where=where, fix=fix)
        self.column, self.encoding = column, encoding


class StorageError(ChainRuleError, OSError):
    """A model or a checkpoint could not be written, or the file is not one that can be trusted.

    Where the operating system refused, `errno` is its number for the reason. A file that was to be replaced is still
    what it was, unless the message says otherwise.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from chainrule.storage.container import read_container
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "model.safetensors")
    ...     _ = path.write_bytes(b"width,height")
    ...     try:
    ...         read_container(path, "model")
    ...     except StorageError as error:
    ...         print(error.what.replace(folder, "")[1:])
    model.safetensors is no file of chainrule: it has 12 bytes, too few for one

    Give the path of a file that chainrule wrote; take a damaged one from a copy, or train again.
    """


class DivergenceError(ChainRuleError, ArithmeticError):
    """The loss became NaN or infinite while training.

    Attributes
    ----------
    params : object
        The last parameters that gave a finite loss.
    step : int
        The step at which it happened.
    bad_params : object
        The parameters at which it happened; None where it is not known.
    data : tuple
        What the loss got beside them.

    Examples
    --------
    >>> import chainrule as cr
    >>> try:
    ...     cr.minimize(lambda w: w**4, 1.0, optimizer=cr.GradientDescent(lr=10.0), steps=20)
    ... except DivergenceError as error:
    ...     print(error.what)
    the loss of <lambda> became inf at step 5: it begins in power of w (shape (), float64) and the number 4
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        fix: str | None = None,
        params: Any = None,
        step: int = 0,
        bad_params: Any = None,
        data: tuple[Any, ...] = (),
    ) -> None:
        super().__init__(what, where=where, fix=fix)
        self.params, self.step = params, step
        self.bad_params, self.data = bad_params, data


class ConfigError(ChainRuleError, ValueError):
    """A setting was given a value that it cannot have.

    Examples
    --------
    >>> import chainrule as cr
    >>> try:
    ...     cr.config.threads = 0
    ... except cr.errors.ConfigError as error:
    ...     print(error)
    threads is a whole number from 1, not 0
      fix give the number of threads, such as chainrule.config.threads = 2, or None for the number of CPUs
    """


class MissingPackageError(ChainRuleError, ImportError):
    """Something was asked for that needs a package which is not installed.

    Examples
    --------
    >>> import chainrule as cr
    >>> print(cr.errors.MissingPackageError("a PNG is drawn by matplotlib", fix="pip install matplotlib"))
    a PNG is drawn by matplotlib
      fix pip install matplotlib
    """


class NonFiniteWarning(RuntimeWarning):
    """A value or a gradient came out as NaN or infinite although every input was finite.

    The warning names the first node where it happened, its line, and the usual remedy.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np, chainrule as cr
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     gradient = cr.grad(lambda x: np.log(x - x))(1.0)
    >>> print(type(caught[0].message).__name__)
    NonFiniteWarning

    Keep arguments inside the function's domain, or add a small constant to what can become zero.
    """


class IndependentOutputWarning(UserWarning):
    """The output does not depend on the value that it is differentiated by, so the gradient is zero.

    That is right for a function that ignores its argument, and the sign of a mistake in any other.

    Examples
    --------
    >>> import warnings
    >>> import chainrule as cr
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     gradient = cr.grad(lambda x: 2.0)(1.0)
    >>> print(caught[0].message)
    the output of <lambda> does not depend on the differentiated arguments, so the gradient is zero

    Look for the place where the value is lost: a result that is not returned, or `chainrule.stop_gradient`.
    """


class InterpretedWarning(UserWarning):
    """llvmlite is not installed, so what should be compiled runs node by node in NumPy.

    Examples
    --------
    >>> import chainrule as cr
    >>> issubclass(cr.errors.InterpretedWarning, UserWarning)
    True

    Results are the same, only slower. ``pip install llvmlite`` brings the compiler.
    """


class RecompilationWarning(UserWarning):
    """A function under `jit` is compiled again and again, because something static or a shape keeps changing.

    Examples
    --------
    >>> import warnings
    >>> import chainrule as cr
    >>> scaled = cr.jit(lambda x, n: x * n)
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     results = [scaled(1.0, n) for n in range(20)]
    >>> print(str(caught[0].message).split(";")[0])
    <lambda> has been compiled 16 times

    Pass what changes as an array or a float, or keep its shape: pad the last batch, or leave it out.
    """
