"""The report of a model: one page of HTML that needs nothing else."""

from chainrule.evaluation.report.network import network_report
from chainrule.evaluation.report.page import Report

__all__ = ["Report", "network_report"]
