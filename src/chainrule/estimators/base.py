"""What all estimators share: checked data, weights of rows and classes, settings."""

from __future__ import annotations

import math
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, column_or_1d, validate_data

from chainrule.errors import ConfigError, DataError

__all__ = [
    "Estimator",
    "choice",
    "class_codes",
    "count",
    "number",
    "row_weights",
    "weights_of_classes",
    "without_weightless",
]

_DTYPES = [np.float64, np.float32]


class Estimator(BaseEstimator):
    """An estimator for tables of numbers, in the shape of (rows, features).

    Features in float32 are computed with in float32, all others in float64.
    """

    def _checked(
        self, X: Any, y: Any, sample_weight: Any, *, reset: bool = True, y_numeric: bool = False, wide: bool = True
    ) -> tuple[Any, Any, Any]:
        """Features, targets and weights as arrays; rows of weight 0 are left out, as if they were not there.

        Parameters
        ----------
        reset : bool
            Whether number and names of the features are taken from X, not compared with those of the first fit.
        y_numeric : bool
            Whether targets are numbers.
        wide : bool
            Whether a row may have several targets.
        """
        X, y = validate_data(self, X, y, reset=reset, dtype=_DTYPES, order="C", multi_output=True, y_numeric=y_numeric)
        if not wide or (y.ndim == 2 and y.shape[1] == 1 and not y_numeric):
            y = column_or_1d(y, warn=True)
        weight = row_weights(sample_weight, X)
        return without_weightless(X, y, weight)

    def _features(self, X: Any) -> Any:
        """Features to predict from, compared with those of the fit."""
        check_is_fitted(self)
        return validate_data(self, X, reset=False, dtype=_DTYPES, order="C")


def row_weights(sample_weight: Any, X: Any) -> Any:
    """Weights of rows as an array; None where there are none.

    Raises
    ------
    ValueError
        If they are no finite numbers, one for each row.
    DataError
        If one is negative, or all are 0.

    Examples
    --------
    >>> row_weights([1, 2], np.zeros((2, 3)))
    array([1., 2.])
    """
    if sample_weight is None:
        return None
    if isinstance(sample_weight, numbers.Real):
        sample_weight = np.full(len(X), sample_weight)
    weight = check_array(sample_weight, dtype=np.float64, ensure_2d=False, input_name="sample_weight")
    if weight.ndim != 1:
        raise DataError(
            f"sample_weight has the shape {weight.shape}, but there is one weight for each row",
            fix=f"give an array of shape ({len(X)},)",
        )
    check_consistent_length(X, weight)
    if (weight < 0).any():
        row = int(np.argmax(weight < 0))
        raise DataError(f"sample_weight of row {row} is {weight[row]:g}", fix="give weights that are not negative")
    if not weight.any():
        raise DataError("all sample weights are zero, so no row is left to learn from", fix="give a positive weight")
    return weight


def without_weightless(X: Any, y: Any, weight: Any) -> tuple[Any, Any, Any]:
    """The rows that have a weight.

    Examples
    --------
    >>> without_weightless(np.array([[1.0], [2.0]]), np.array([3, 4]), np.array([0.0, 5.0]))
    (array([[2.]]), array([4]), array([5.]))
    """
    if weight is None or weight.all():
        return X, y, weight
    counts = weight > 0
    return X[counts], y[counts], weight[counts]


def class_codes(y: Any, classes: Any = None) -> tuple[Any, Any]:
    """The classes, sorted, and for each row the number of its class.

    Parameters
    ----------
    y : array of shape (n,)
    classes : array, optional
        Those that are known.

    Raises
    ------
    DataError
        If there is one class only, or a label is none of the known classes.

    Examples
    --------
    >>> class_codes(np.array(["no", "yes", "no"]))
    (array(['no', 'yes'], dtype='<U3'), array([0, 1, 0]))
    """
    check_classification_targets(y)
    found, codes = np.unique(y, return_inverse=True)
    if classes is None:
        if len(found) < 2:
            raise DataError(
                f"there is only one class in y, {found.tolist()[0]!r}",
                fix="give rows of at least two classes, with weights",
            )
        return found, codes
    unknown = ~np.isin(found, classes)
    if unknown.any():
        raise DataError(
            f"y has the class {found[unknown].tolist()[0]!r}, which is none of those that were there before",
            fix="name all classes in the first call: partial_fit(X, y, classes=...); or fit anew without warm_start",
        )
    return classes, np.searchsorted(classes, found)[codes]


def weights_of_classes(class_weight: Any, classes: Any, codes: Any, weight: Any) -> Any:
    """Weights of rows, multiplied by those of their classes.

    Parameters
    ----------
    class_weight : None, "balanced" or dict
        ``"balanced"`` gives each class the same total weight.
    classes, codes : array
        Of `class_codes`.
    weight : array of shape (n,) or None

    Examples
    --------
    >>> weights_of_classes("balanced", np.array([0, 1]), np.array([0, 0, 0, 1]), None).round(3).tolist()
    [0.667, 0.667, 0.667, 2.0]
    """
    if class_weight is None:
        return weight
    of_class = compute_class_weight(class_weight, classes=classes, y=classes[codes], sample_weight=weight)
    return of_class[codes] if weight is None else of_class[codes] * weight


def number(name: str, value: Any, *, above: float | None = None, least: float = 0.0, most: float = math.inf) -> float:
    """A setting that is a real number in a range.

    Examples
    --------
    >>> number("tol", 1e-4)
    0.0001
    """
    is_number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, (bool, np.bool_))
    if is_number and (value > above if above is not None else value >= least) and value <= most:
        return float(value)
    low = f"above {above:g}" if above is not None else f"from {least:g}"
    high = f" to {most:g}" if most < math.inf else ""
    raise ConfigError(
        f"{name} is a number {low}{high}, not {value!r:.60}", fix=f"give a number in this range as {name}"
    )


def count(name: str, value: Any) -> int:
    """A setting that is a whole number from 1.

    Examples
    --------
    >>> count("max_iter", 100)
    100
    """
    if isinstance(value, (int, np.integer)) and not isinstance(value, (bool, np.bool_)) and value >= 1:
        return int(value)
    raise ConfigError(f"{name} is a whole number from 1, not {value!r:.60}", fix=f"give {name} as an int, such as 100")


def choice(name: str, value: Any, allowed: Sequence[str]) -> str:
    """A setting that is one of several words.

    Examples
    --------
    >>> choice("solver", "adam", ("adam", "sgd"))
    'adam'
    """
    if isinstance(value, str) and value in allowed:
        return value
    raise ConfigError(f"{name} is one of {', '.join(allowed)}, not {value!r:.60}", fix=f'write {name}="{allowed[0]}"')
