"""chainrule's models as scikit-learn estimators: for pipelines, grid searches and cross-validation."""

from chainrule.estimators.classifier import MLPClassifier
from chainrule.estimators.linear import LinearRegression, Ridge
from chainrule.estimators.logistic import LogisticRegression
from chainrule.estimators.regressor import MLPRegressor

__all__ = ["LinearRegression", "LogisticRegression", "MLPClassifier", "MLPRegressor", "Ridge"]
