"""A diffusion run on disk: that of models.run with its own log, and the model as a diffusers folder."""

from __future__ import annotations

from models.run import RunFolder, TrainResult, cut_log, log_rows

LOG_COLUMNS = ("step", "phase", "loss", "lr", "seconds")
DENOISER = "denoiser"


class DiffusionRun(RunFolder):
    """Its log has two phases; a result's losses are the denoiser's."""

    def log_rows(self) -> list[dict[str, str]]:
        """The log's whole rows."""
        return log_rows(self.log_path, LOG_COLUMNS[-1])

    def cut_log(self, step: int) -> None:
        """Keep the log's rows before `step`: those after it are trained again."""
        cut_log(self.log_path, LOG_COLUMNS, step - 1)

    def finished(self) -> TrainResult | None:
        """The result, where the model of this very recipe is there already."""
        return self.read_result(TrainResult, "model_index.json")

    def finish(self, weights_sha256: str) -> TrainResult:
        """Write training.json from the log, and return it."""
        rows = self.log_rows()
        facts = self.figures([row for row in rows if row["phase"] == DENOISER])
        facts["seconds"] = round(sum(float(row["seconds"]) for row in rows), 2)
        result = TrainResult(run_dir=self.path, model_dir=self.model, weights_sha256=weights_sha256, **facts)
        self.write_result(result)
        return result
