"""`python -m benchmarks`: run every benchmark after the other; exit with the worst of their codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NOT_BENCHMARKS = {
    *("__init__", "__main__", "boxes", "crawling", "crowds", "decoders", "entries", "figures", "invalid_results"),
    *("label_set", "synthetic"),
}


def main() -> int:
    worst = 0
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.stem not in NOT_BENCHMARKS:
            worst = max(
                worst, subprocess.run([sys.executable, "-m", f"benchmarks.{path.stem}"], check=False).returncode
            )
    return worst


if __name__ == "__main__":
    raise SystemExit(main())
