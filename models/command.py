"""`python -m models.….train RECIPE [HOME]`: what every trainer's own command does with its arguments and errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.errors import GessoError

if TYPE_CHECKING:
    from models.run import TrainResult


def command(module: str, train: Callable[[Any, Path], TrainResult], load: Callable[[Path], Any]) -> int:
    """Train as the command line says; 0, or 2 with one line on stderr where the input is at fault."""
    arguments: Sequence[str] = sys.argv[1:]
    if not arguments or len(arguments) > 2:
        sys.stderr.write(f"usage: python -m {module} RECIPE [HOME]\n")
        return 2
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads starve whatever shares the machine
    try:
        result = train(load(Path(arguments[0])), Path(arguments[1] if len(arguments) > 1 else "workspace"))
    except Exception as error:
        if not _is_ours(error):
            raise
        sys.stderr.write(f"{error}\n")
        return 2
    said = f"{result.steps} steps, loss {result.loss_first:.3f} to {result.loss_last:.3f}: {result.model_dir}"
    sys.stdout.write(f"{said}\n")
    return 0


def _is_ours(error: Exception) -> bool:
    from curation.errors import GessoError as CurationError

    return isinstance(error, GessoError | CurationError)
