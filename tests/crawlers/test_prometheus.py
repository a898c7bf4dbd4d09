"""Prometheus' text format: escaped, typed, each metric's lines together."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from crawlers.prometheus import prometheus_text

LINE = re.compile(r'^[a-zA-Z_][a-zA-Z0-9_]*\{([a-zA-Z_]\w*="(?:[^"\\\n]|\\\\|\\"|\\n)*",?)*\} -?[0-9.e+-]+$', re.A)


def test_groups_become_labels_and_counters_say_so() -> None:
    stats = {"gesso/frontier/done": 3, "gesso/frontier/queued": 1, "gesso/pages": 7, "finish_reason": "x", "b": True}
    assert prometheus_text(stats, {"run": 'a"\\\n'}) == (
        "# TYPE gesso_frontier_requests gauge\n"
        'gesso_frontier_requests{run="a\\"\\\\\\n",state="done"} 3\n'
        'gesso_frontier_requests{run="a\\"\\\\\\n",state="queued"} 1\n'
        "# TYPE gesso_pages_total counter\n"
        'gesso_pages_total{run="a\\"\\\\\\n"} 7\n'
    )


@given(
    st.dictionaries(st.text(max_size=20), st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()),
    st.text(),
)
def test_any_statistics_are_well_formed(stats: dict[str, object], run: str) -> None:
    text = prometheus_text(stats, {"run": run})
    named = [line.split()[2] for line in text.split("\n") if line.startswith("# TYPE")]
    assert len(named) == len(set(named))
    for line in text.split("\n"):
        assert not line or line.startswith("# TYPE ") or LINE.match(line), line
