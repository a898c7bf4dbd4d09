"""An encoder's run on disk: that of models.run with its own log, and the model as an open_clip folder.

runs/<name>/recipe.yaml  train.csv  validation.csv  start/  looks/  checkpoints/…  model/  training.json
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from models.encoder.towers import CONFIG
from models.run import RunFolder, TrainResult, cut_log, log_rows

LOG_COLUMNS = ("step", "loss", "texts", "pictures", "teacher", "aim", "scale", "lr", "seconds")
VALIDATION_COLUMNS = ("step", "same_group_1", "same_group_5", "text_group_1", "text_group_5", "picture_text_5")


@dataclass(frozen=True)
class EncoderResult(TrainResult):
    """A finished run. Losses are means over the first and last tenth of the steps; `validation` the last figures."""

    validation: dict[str, float]


class EncoderRun(RunFolder):
    """Checkpoints as those of diffusion: whole or absent, of this recipe and these shards or none."""

    @property
    def validation_path(self) -> Path:
        return self.path / "validation.csv"

    def cut_log(self, step: int) -> None:
        """Keep the rows of both logs before `step`: those after it are trained again."""
        logs = ((self.log_path, LOG_COLUMNS, step - 1), (self.validation_path, VALIDATION_COLUMNS, step))
        for path, columns, last in logs:  # a step is counted from 0 where it begins, from 1 where it was validated
            cut_log(path, columns, last)

    def validations(self) -> list[dict[str, float]]:
        """The figures while training, in order."""
        found = log_rows(self.validation_path, VALIDATION_COLUMNS[-1])
        return [{name: float(value) for name, value in row.items()} for row in found]

    def result(self) -> EncoderResult | None:
        """The result, where the model of this very recipe is there already."""
        return self.read_result(EncoderResult, CONFIG)

    def conclude(self, weights_sha256: str) -> EncoderResult:
        """Write training.json from the logs, and return it."""
        result = EncoderResult(
            run_dir=self.path,
            model_dir=self.model,
            weights_sha256=weights_sha256,
            validation=(self.validations() or [{}])[-1],
            **self.figures(log_rows(self.log_path, LOG_COLUMNS[-1])),
        )
        self.write_result(result)
        return result
