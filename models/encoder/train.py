"""The training loop: `train(load_config(recipe), home)`, `python -m models.encoder.train RECIPE`, or torchrun.

Everything that happens at a step is a function of (recipe, shards, step): the pictures, their looks, the texts, the
learning rate. So a run that is killed goes on from its last checkpoint to the same weights.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from models.command import command
from models.encoder.config import EncoderConfig, load_config
from models.encoder.looks import KeptLooks, Pictures, stem_of
from models.encoder.run import EncoderResult, EncoderRun
from models.encoder.samples import Draw, Samples, SamplesError, draws, pools, read_samples, sentences
from models.encoder.stored import Stored
from models.encoder.teacher import Teacher, reading
from models.errors import TrainingError
from models.loader import dataset_folder
from models.ranks import Ranks, joined
from models.run import Checkpoint, replace_folder

if TYPE_CHECKING:
    from torch import Tensor

    from models.encoder.objective import Vectors
    from models.encoder.towers import Cut

PHASE = "encoder"
SEEN = "seen.json"
MOST_SCALE = 4.6052  # ln 100, CLIP's own limit
Progress = Callable[[str, int, int], None]


def train(config: EncoderConfig, home: Path, *, progress: Progress | None = None, resume: bool = True) -> EncoderResult:
    """Train to the recipe's steps, from the run's last checkpoint where there is one, and save an open_clip folder.

    A finished run is returned as it is. `resume=False` deletes a run of that name first.
    Raises RunError where the run belongs to other settings or shards; SamplesError, TowersError, TeacherError.
    """
    home = Path(home)
    folder = dataset_folder(config.dataset, home)
    samples = read_samples(folder, config.split, config.group, config.texts)
    lines = sorted({*reading(config.reading), *samples.all_texts()})
    path = home / "runs" / config.name
    teacher = Teacher(config.teacher, path) if config.teacher else None
    read = hashlib.sha256(json.dumps([lines, teacher.digest if teacher else ""]).encode()).hexdigest()
    run = EncoderRun(path, config, config.fingerprint(f"{samples.index.digest},{read}"))
    with joined() as ranks:
        if ranks.first:
            run.open(resume=resume)
        ranks.wait()
        done = run.result()
        if done is not None:
            return done
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(config.threads or before)
        try:
            return _Training(config, folder, samples, lines, teacher, run, ranks, progress).fit()
        finally:
            torch.set_num_threads(before)


class _Training:
    """One run in memory: the towers, the masters of what is trained, the samples, and how far it has come."""

    def __init__(
        self,
        config: EncoderConfig,
        folder: Path,
        samples: Samples,
        lines: list[str],
        teacher: Teacher | None,
        run: EncoderRun,
        ranks: Ranks,
        progress: Progress | None,
    ) -> None:
        import torch

        from models.encoder import towers
        from models.encoder.masters import Masters

        if config.groups % (ranks.world_size * config.accumulate):
            raise SamplesError(
                f"groups: {config.groups} do not divide over {ranks.world_size} ranks × {config.accumulate} parts"
            )
        if config.sentences % ranks.world_size:
            raise SamplesError(f"sentences: {config.sentences} do not divide over {ranks.world_size} ranks")
        self.config, self.samples, self.run, self.ranks, self.folder = config, samples, run, ranks, folder
        self._pools = pools(samples.groups, config.groups, config.shares)
        self._tied = [not name.startswith(config.untied) for name in samples.groups]
        self.progress = progress if ranks.first else None
        self.teacher, self.lines = teacher, lines
        if ranks.first and not (run.path / "start").is_dir():
            replace_folder(
                run.path / "start", lambda aside: towers.begin(config, aside, self.lines, self.teacher, self.progress)
            )
        ranks.wait()
        self.device = ranks.device()
        self.towers = towers.load(run.path / "start")
        self.towers.lock(config)
        self.towers.net.to(self.device)
        dtype = torch.bfloat16 if config.precision == "bf16" else torch.float32
        self.masters = Masters(self.towers.net, dtype, config.lora, config.seed)
        self._place_of = {text: place for place, text in enumerate(self.lines)}
        self._taught = self._teach()
        self.stored = Stored(run.path / "pictures", samples.index)
        if ranks.first:
            self.stored.copy(self.progress)
        ranks.wait()
        self.pictures = Pictures(self.stored, self.towers.side, self.towers.fill)
        self.kept: KeptLooks | None = None
        self._rest: Callable[[Tensor], Tensor] = self.towers.net.encode_image
        if config.looks:
            cut = self._keep_looks()
            self._rest = lambda x: cut.head(cut.rest(x))
            if config.model.head_start == "fitted":
                self._fit_head(cut)
        self._average: dict[str, Tensor] | None = None
        self._begun: dict[str, Tensor] = {}

    def _teach(self) -> np.ndarray | None:
        """The teacher's vectors of all lines; the first rank computes them, the others read what it kept."""
        weights, fits = self.config.weights, self.config.model.head_start == "fitted"
        if self.teacher is None or not (weights.teacher or weights.aim or fits):
            return None
        if self.teacher.dimensions > self.towers.dimensions:
            own, taught = self.towers.dimensions, self.teacher.dimensions
            raise SamplesError(f"embed_dim is {own} and the teacher has {taught}: give as many or more")
        if self.ranks.first:
            self.teacher.vectors(self.lines, self.progress)
        self.ranks.wait()
        return self.teacher.vectors(self.lines, self.progress)

    def _keep_looks(self) -> Cut:
        config = self.config
        cut = self.towers.cut(config.image_open)
        self.kept = KeptLooks(self.run.path / "looks", self.pictures, config.looks, config.seed, config.augment)
        like = next(self.towers.net.parameters())
        if self.ranks.first:
            self.kept.fill(stem_of(self.towers, cut.stem, like), self.progress)
        self.ranks.wait()
        self.kept.fill(stem_of(self.towers, cut.stem, like))
        return cut

    def _fit_head(self, cut: Cut) -> None:
        """Start the image tower's head from the features of all kept looks; the first rank fits it, and keeps it."""
        import torch

        from models.encoder.head import counts_of, fitted_head, load_head, save_head, told_of
        from models.encoder.towers import HEAD

        assert self.kept is not None
        assert self._taught is not None
        path = self.run.path / "head.safetensors"
        if self.ranks.first and not path.is_file():
            with torch.inference_mode():
                features, rows = self.kept.features(cut.rest, next(self.towers.net.parameters()), self.progress)
            groups, told = self.samples.group_of[rows], told_of(self.samples, self._taught, self._place_of)[rows]
            own = groups >= 0
            counts = counts_of(groups[own], self._pools)
            save_head(path, fitted_head(features[own], groups[own], counts, told[own], self.towers.dimensions))
        self.ranks.wait()
        fitted = {f"{HEAD}.{name}": tensor.to(self.device) for name, tensor in load_head(path).items()}
        self.masters.load(self.masters.state() | fitted)

    def fit(self) -> EncoderResult:
        """All steps from where the last checkpoint stands; then the model."""
        import torch

        from models.encoder.board import Board

        config = self.config
        optimizer = torch.optim.AdamW(self.masters.groups(config), betas=(0.9, 0.98), eps=1e-6)
        checkpoint = self.run.latest()
        start = checkpoint.step if checkpoint else 0
        state = self.masters.state()
        self._average = {name: value.clone() for name, value in state.items()} if config.average else None
        if config.keep_start:
            self._begun = {name: value.clone() for name, value in state.items() if name.startswith("visual.")}
        if checkpoint is not None:
            self.masters.load({name: t.to(self.device) for name, t in checkpoint.weights.items()})
            optimizer.load_state_dict(checkpoint.state["optimizer"])
            if self._average is not None:
                self._average = {name: t.to(self.device) for name, t in checkpoint.state["average"].items()}
        self.ranks.wait()
        if self.ranks.first:
            self.run.cut_log(start)
        with (
            self.run.log_path.open("a", encoding="utf-8") if self.ranks.first else nullcontext() as log,
            Board(self.run.path / "tensorboard" if config.tensorboard and self.ranks.first else None) as board,
        ):
            clock = time.perf_counter()
            for step in range(start, config.steps):
                rate = self._step(optimizer, step)
                now = time.perf_counter()
                if log is not None:
                    parts = [f"{self.parts.get(name, 0.0):.6f}" for name in ("texts", "pictures", "teacher", "aim")]
                    scale = float(self.masters.leaves["logit_scale"].detach().exp())
                    log.write(f"{step},{self.value:.6f},{','.join(parts)},{scale:.4f},{rate:.6g},{now - clock:.4f}\n")
                    log.flush()
                    board.add(step, {"loss": self.value, "lr": rate, **self.parts})
                clock = now
                self._after(step + 1, optimizer, board)
                if self.progress:
                    self.progress(PHASE, step + 1, config.steps)
        self.pictures.close()
        return self._save_model()

    def _after(self, done: int, optimizer: Any, board: Any) -> None:
        """Validate and checkpoint when it is time; every rank comes here."""
        config, last = self.config, done == self.config.steps
        due = last or (config.validate_every and done % config.validate_every == 0)
        if config.validation and self.ranks.first and due:
            from models.encoder.validate import validate

            self.masters.push(self._saved())
            figures = validate(self.towers, self.folder, config)
            self.masters.push()
            with self.run.validation_path.open("a", encoding="utf-8") as file:
                file.write(",".join([str(done), *(f"{value:.4f}" for value in figures.values())]) + "\n")
            board.add(done, figures)
        if last or done % config.checkpoint_every == 0:
            if self.ranks.first:
                state = {"optimizer": optimizer.state_dict()}
                state |= {"average": self._average} if self._average is not None else {}
                self.run.save(Checkpoint(done, PHASE, self.masters.state(), state))
            self.ranks.wait()

    def _step(self, optimizer: Any, step: int) -> float:
        """One step of the optimiser; returns its learning rate. `value` and `parts` say what was lost."""
        import torch

        from models.schedule import learning_rate

        config = self.config
        rate = learning_rate(step, config.lr, config.warmup, config.steps)
        for group in optimizer.param_groups:
            group["lr"] = rate * group["share"]
        self._backward(step)
        self.masters.pull()
        leaves = list(self.masters.leaves.values())
        self.ranks.average_gradients(leaves)
        torch.nn.utils.clip_grad_norm_(leaves, config.clip_norm)
        if not self.value < float("inf"):
            raise TrainingError(f"loss is {self.value} at step {step}: lower lr in the recipe")
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        with torch.no_grad():
            self.masters.leaves["logit_scale"].clamp_(max=MOST_SCALE)
            if self._average is not None:
                decay = min(config.average, (step + 1) / (step + 10))
                for name, value in self.masters.state().items():
                    self._average[name].lerp_(value, 1 - decay)
        self.masters.push()
        return rate

    def _backward(self, step: int) -> None:
        """Gradients of the whole batch's loss. In parts, vectors come first and without a graph, as GradCache does."""
        import torch

        from models.encoder.objective import joint, total, whole_batch

        config, ranks = self.config, self.ranks
        share = config.groups // ranks.world_size * config.pictures
        batch = draws(config.seed, step, self.samples.members, config.groups, config.pictures, self._pools)
        own = batch[ranks.rank * share : (ranks.rank + 1) * share]
        lines = self._lines(step)
        if config.accumulate == 1:
            vectors = self._vectors(own, lines)
            self._lose(total(config, whole_batch(vectors, ranks), *self._scales())).backward()
            return
        size = share // config.accumulate
        chunks = [own[i : i + size] for i in range(0, share, size)]
        said = [lines if number == 0 else lines[:0] for number in range(len(chunks))]
        with torch.no_grad():
            parts = [self._vectors(chunk, some) for chunk, some in zip(chunks, said, strict=True)]
        leaves = joint(parts)
        self._lose(total(config, whole_batch(leaves, ranks), *self._scales())).backward()
        at = dict.fromkeys(("pictures", "texts", "student"), 0)
        for chunk, some in zip(chunks, said, strict=True):
            again = self._vectors(chunk, some)
            tensors, gradients = [], []
            for name in at:
                tensor, leaf = getattr(again, name), getattr(leaves, name)
                if tensor is not None and leaf is not None and leaf.grad is not None and tensor.requires_grad:
                    tensors.append(tensor)
                    gradients.append(leaf.grad[at[name] : at[name] + len(tensor)])
                at[name] += 0 if tensor is None else len(tensor)
            torch.autograd.backward(tensors, gradients)

    def _lose(self, parts: dict[str, Tensor]) -> Tensor:
        weights = self.config.weights.model_dump()
        loss = sum(weights[name] * value for name, value in parts.items())
        self.parts = {name: float(value.detach()) for name, value in parts.items()}
        self.value = float(loss.detach())
        return loss * self.ranks.world_size  # the ranks' gradients are averaged

    def _scales(self) -> tuple[Tensor, Tensor | None]:
        """Scale and bias from their masters; each rank has their whole gradient, of which one share counts."""
        world = self.ranks.world_size
        found = [self.masters.leaves.get(name) for name in ("logit_scale", "logit_bias")]
        scale, bias = (None if leaf is None else leaf / world + leaf.detach() * (1 - 1 / world) for leaf in found)
        assert scale is not None
        return scale, bias

    def _lines(self, step: int) -> np.ndarray:
        """This rank's sentences of a step, by their place among all lines."""
        config = self.config
        if not config.weights.teacher:
            return np.empty(0, np.int64)
        share = config.sentences // self.ranks.world_size
        chosen = sentences(config.seed, step, len(self.lines), config.sentences)
        return chosen[self.ranks.rank * share : (self.ranks.rank + 1) * share]

    def _vectors(self, batch: list[Draw], lines: np.ndarray) -> Vectors:
        """What the model says of these draws and lines."""
        import torch

        from models.encoder.objective import Vectors, unit

        weights = self.config.weights
        texts = [self.samples.text(draw) for draw in batch]
        made = Vectors(
            groups=torch.tensor([draw.group for draw in batch], device=self.device),
            rows=torch.tensor([draw.row for draw in batch], device=self.device),
            spoken=torch.tensor([bool(text) for text in texts], device=self.device),
            tied=torch.tensor([self._tied[draw.group] for draw in batch], device=self.device),
        )
        if weights.texts or weights.pictures or weights.aim:
            made.pictures = unit(self._rest(self._seen(batch)))
        wanted = texts if weights.texts else []
        read = [*wanted, *(self.lines[place] for place in lines)]
        if read:
            both = unit(self.towers.encode_texts(self.towers.tokens(read).to(self.device)))
            made.texts = both[: len(wanted)] if weights.texts else None
            made.student = both[len(wanted) :] if len(lines) else None
        if self._taught is not None:
            made.teacher = torch.from_numpy(self._taught[lines]).to(self.device) if len(lines) else None
            if weights.aim:
                places = [self._place_of.get(text, 0) for text in texts]
                made.aims = torch.from_numpy(self._taught[places]).to(self.device)
        return made

    def _seen(self, batch: list[Draw]) -> Tensor:
        """The pictures of the draws, or what the locked stem said of one of their looks."""
        import torch

        like = next(self.towers.net.parameters())
        if self.kept is not None:
            return torch.from_numpy(self.kept(batch)).to(like.device, like.dtype)
        rows, keys = [draw.row for draw in batch], [draw.key for draw in batch]
        pixels = self.pictures.drawn(rows, keys) if self.config.augment else self.pictures.plain(rows)
        return self.towers.normalised(pixels, like)

    def _saved(self) -> dict[str, Tensor]:
        """What is validated and saved: the averaged weights, the image tower's partly as it began."""
        last = self.masters.state() if self._average is None else self._average
        return last | {name: last[name].lerp(begun, self.config.keep_start) for name, begun in self._begun.items()}

    def _save_model(self) -> EncoderResult:
        import torch

        from models.encoder.towers import save
        from models.run import weights_digest

        if self.ranks.first:
            weights, of, config = self.masters.whole(self._saved()), self.towers, self.config
            seen = set(self.samples.groups)
            if config.validation:
                seen |= set(read_samples(self.folder, config.validation, config.group, config.texts).groups)

            def fill(folder: Path) -> None:
                save(weights, of.model_cfg, of.preprocess, folder, tokenizer=of.tokenizer, dtype=torch.float16)
                facts = {"groups": sorted(seen)}  # a benchmark on unseen groups leaves these out
                (folder / SEEN).write_text(json.dumps(facts, indent=0), encoding="utf-8")

            replace_folder(self.run.model, fill)
            self.stored.drop()
            self.run.conclude(weights_digest(self.run.model))
        self.ranks.wait()
        result = self.run.result()
        assert result is not None
        return result


if __name__ == "__main__":
    sys.exit(command("models.encoder.train", train, load_config))
