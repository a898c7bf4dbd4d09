"""The trust report: one page on how far annotators agree, who can be relied on, and what the labels amount to."""

from annotations.report.write import write_report

__all__ = ["write_report"]
