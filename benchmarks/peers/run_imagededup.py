"""imagededup's perceptual hash and its CNN on labelled pairs; runs in the peer's own environment, prints one JSON list.

`PYTHON run_imagededup.py TRUTH_DIR < pairs.json`: pairs have id, label, a and b.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

HASH_BITS = 10  # imagededup's default
COSINE = 0.9  # likewise


def judged(
    name: str, pairs: list[dict[str, Any]], same: Callable[[Any, Any], bool], codes: dict[str, Any]
) -> dict[str, Any]:
    """Recall on exact and near pairs, and the share of hard negatives merged; what it cannot read is missed."""
    known = [(p, p["a"] in codes and p["b"] in codes) for p in pairs]
    found = {p["id"]: ok and same(codes[p["a"]], codes[p["b"]]) for p, ok in known}
    must = [p["id"] for p in pairs if p["label"] in ("exact", "near")]
    apart = [p["id"] for p in pairs if p["label"] == "hard_negative"]
    rate = [round(sum(found[i] for i in some) / len(some), 4) if some else None for some in (must, apart)]
    return {"name": name, "recall": rate[0], "merged": rate[1], "seen": f"{len(must)} same, {len(apart)} apart"}


def hashes(folder: Path, pairs: list[dict[str, Any]], paths: list[str]) -> dict[str, Any]:
    from imagededup.methods import PHash

    method = PHash(verbose=False)
    codes = {path: method.encode_image(image_file=str(folder / path)) for path in paths}
    codes = {path: code for path, code in codes.items() if code is not None}
    return judged("imagededup pHash", pairs, lambda a, b: method.hamming_distance(a, b) <= HASH_BITS, codes)


def network(folder: Path, pairs: list[dict[str, Any]], paths: list[str]) -> dict[str, Any]:
    import numpy as np
    from imagededup.methods import CNN

    method = CNN(verbose=False)
    codes = {path: method.encode_image(image_file=str(folder / path)) for path in paths}
    codes = {path: np.ravel(code) for path, code in codes.items() if code is not None}

    def same(a: Any, b: Any) -> bool:
        return bool(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)) >= COSINE)

    return judged("imagededup CNN", pairs, same, codes)


def main() -> None:
    folder, pairs = Path(sys.argv[1]), json.load(sys.stdin)
    paths = sorted({pair[side] for pair in pairs for side in ("a", "b")})
    rows = []
    for name, method in (("imagededup pHash", hashes), ("imagededup CNN", network)):
        try:
            rows.append(method(folder, pairs, paths))
        except Exception as error:  # its CNN needs weights that may not be to be had
            why = f"could not run: {type(error).__name__}: {' '.join(str(error).split())[:120]}"
            rows.append({"name": name, "recall": None, "merged": None, "seen": why})
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
