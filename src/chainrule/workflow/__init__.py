"""From a table to a trained model and its scores: the steps in their order, for Python, command line and web page."""

from chainrule.workflow.checkpointing import Checkpoints
from chainrule.workflow.lessons import explain_row
from chainrule.workflow.predicting import evaluate_model, predictions, write_predictions
from chainrule.workflow.settings import TrainingSettings
from chainrule.workflow.training import TrainedTable, train_table
from chainrule.workflow.validating import cross_validate_table, learning_curve_of_table

__all__ = [
    "Checkpoints",
    "TrainedTable",
    "TrainingSettings",
    "cross_validate_table",
    "evaluate_model",
    "explain_row",
    "learning_curve_of_table",
    "predictions",
    "train_table",
    "write_predictions",
]
