"""chainrule's models as scikit-learn estimators: for pipelines, grid searches and cross-validation."""

from chainrule.estimators.linear import LinearRegression, Ridge
from chainrule.estimators.logistic import LogisticRegression
from chainrule.estimators.perceptron import MLPClassifier, MLPRegressor

__all__ = ["LinearRegression", "LogisticRegression", "MLPClassifier", "MLPRegressor", "Ridge"]
