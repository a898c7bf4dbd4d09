"""The report of a dataset version: an HTML file that opens from the file system, without a server.

Up to 1,500 captures it holds everything; of more, pictures and facts lie in `report.files/` beside it.
`write_report` reads what a build left behind (curation/review.py says what), the pictures from the capture store, and
hands on `<dataset_dir>/report.html`. The same input gives the same bytes.
"""

from __future__ import annotations

from curation.report.write import ReportError, write_report

__all__ = ["ReportError", "write_report"]
