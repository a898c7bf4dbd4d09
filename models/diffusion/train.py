"""The training loop: `train(load_config(recipe), home)`, `python -m models.diffusion.train RECIPE`, or accelerate.

Everything that happens at a step is a function of (recipe, shards, step): the rows, the noise, the learning rate. So a
run that is killed goes on from its last checkpoint to the same weights.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.command import command
from models.diffusion.config import DiffusionConfig, load_config
from models.diffusion.run import DENOISER, DiffusionRun
from models.errors import TrainingError
from models.loader import Frame, ShardIndex, ShardLoader, dataset_folder
from models.ranks import Ranks, joined
from models.run import Checkpoint, TrainResult, replace_folder

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Parameter

    from models.diffusion.data import LatentBatch, Progress
    from models.loader import Batch

AUTOENCODER = "autoencoder"
EMA_WARMUP_GAMMA = 5.0  # the average trusts the latest weights at first: 1 - (1 + step/γ)^-⅔, up to the recipe's decay


def train(config: DiffusionConfig, home: Path, *, progress: Progress | None = None, resume: bool = True) -> TrainResult:
    """Train to the recipe's steps, from the run's last checkpoint where there is one, and save a diffusers folder.

    A finished run is returned as it is. `resume=False` deletes a run of that name first.
    Raises RunError where the run belongs to other settings or shards; LoaderError and RowError for bad shards.
    """
    index = ShardIndex(dataset_folder(config.dataset, Path(home)), config.split, config.views)
    run = DiffusionRun(Path(home) / "runs" / config.name, config, config.fingerprint(index.digest))
    with joined() as ranks:
        if ranks.first:
            run.open(resume=resume)
        ranks.wait()
        done = run.finished()
        if done is not None:
            return done
        import torch

        before = torch.get_num_threads()
        torch.set_num_threads(config.threads or before)
        try:
            return _Training(config, index, run, ranks, progress).fit()
        finally:
            torch.set_num_threads(before)


class _Training:
    """One run in memory: the pipeline's parts, the loader, and how far it has come."""

    def __init__(
        self, config: DiffusionConfig, index: ShardIndex, run: DiffusionRun, ranks: Ranks, progress: Progress | None
    ) -> None:
        from models.diffusion.pipeline import for_training

        self.config, self.run, self.ranks = config, run, ranks
        self.progress = progress if ranks.first else None
        self.device = ranks.device()
        frame = Frame(config.width, config.height, config.max_aspect, config.fit)
        self.loader = ShardLoader(
            index,
            frame,
            seed=config.seed,
            batch_size=config.batch_size,
            rank=ranks.rank,
            world_size=ranks.world_size,
            workers=config.workers,
        )
        self.pipeline = for_training(config, self.loader.reader.captions() if config.base == "tiny" else ())
        self.pipeline.to(self.device)
        self.vae, self.unet = self.pipeline.vae, self.pipeline.unet
        self.text_encoder, self.scheduler = self.pipeline.text_encoder, self.pipeline.scheduler
        for module in (self.vae, self.unet, self.text_encoder):
            module.requires_grad_(False).eval()
        self.alphas = self.scheduler.alphas_cumprod.to(self.device)
        self.ema: Any = None
        self.seconds = 0.0

    def fit(self) -> TrainResult:
        """Both phases, each from where the last checkpoint stands; then the model."""
        config = self.config
        checkpoint = self.run.latest()
        start = checkpoint.step if checkpoint else 0
        if checkpoint is not None:
            self._load_weights(checkpoint.weights)
        self.ranks.wait()
        if self.ranks.first:
            self.run.cut_log(start)
        if start < config.vae_steps:
            self._train_autoencoder(start, checkpoint)
            start, checkpoint = config.vae_steps, None
        self._train_denoiser(start, checkpoint)
        return self._save_model()

    def _train_autoencoder(self, start: int, checkpoint: Checkpoint | None) -> None:
        from models.diffusion.data import normalise_latents

        self.vae.requires_grad_(True).train()
        loader = self.loader.in_batches_of(self.config.vae_batch_size or self.config.batch_size)
        with closing(loader.batches(start, self.config.vae_steps)) as batches:
            self._steps(AUTOENCODER, list(self.vae.parameters()), batches, self._autoencoder_loss, checkpoint)
        self.vae.requires_grad_(False).eval()
        normalise_latents(self.vae, self.loader, self.device)
        self._checkpoint(self.config.vae_steps, AUTOENCODER, {})

    def _autoencoder_loss(self, batch: Batch) -> Tensor:
        import torch

        from models.diffusion.data import to_tensor
        from models.diffusion.objective import autoencoder_loss, generator

        pixels = to_tensor(batch.pixels, self.device)
        posterior = self.vae.encode(pixels).latent_dist
        source = generator(AUTOENCODER, self.config.seed, batch.step, self.ranks.rank)
        noise = torch.randn(posterior.mean.shape, generator=source).to(self.device)
        output = self.vae.decode(posterior.mean + posterior.std * noise).sample
        return autoencoder_loss(output, pixels, posterior.mean, posterior.logvar, self.config.vae_kl)

    def _train_denoiser(self, start: int, checkpoint: Checkpoint | None) -> None:
        from diffusers.training_utils import EMAModel

        from models.diffusion.data import LatentSource

        config = self.config
        self.unet.requires_grad_(True).train()
        if config.train_text_encoder:
            self.text_encoder.requires_grad_(True).train()
        parameters = self._trained()
        self.ema = EMAModel(parameters, decay=config.ema, use_ema_warmup=True, inv_gamma=EMA_WARMUP_GAMMA, foreach=True)
        if checkpoint is not None and "ema" in checkpoint.state:
            self.ema.load_state_dict(checkpoint.state["ema"])
            self.ema.to(self.device)
        source = LatentSource(self.loader, self.vae, self.device, config.latents, self.progress)
        with closing(source.batches(start, config.total_steps)) as batches:
            self._steps(DENOISER, parameters, batches, self._denoiser_loss, checkpoint)

    def _denoiser_loss(self, batch: LatentBatch) -> Tensor:
        from models.diffusion import objective
        from models.diffusion.data import token_ids

        config, prediction = self.config, self.scheduler.config.prediction_type
        clean = batch.latents.to(self.device)
        chance = objective.draw(
            config.seed,
            batch.step,
            tuple(clean.shape[1:]),
            batch=config.batch_size,
            rank=self.ranks.rank,
            world_size=self.ranks.world_size,
            timesteps=self.scheduler.config.num_train_timesteps,
            dropout=config.caption_dropout,
        )
        noise, times = chance.noise.to(self.device), chance.timesteps.to(self.device)
        ids = token_ids(self.pipeline.tokenizer, batch.captions, chance.drop, self.device)
        noisy = objective.add_noise(clean, noise, self.alphas, times)
        with self._precision():
            answer = self.unet(noisy, times, self.text_encoder(ids)[0]).sample
        wanted = objective.target(clean, noise, self.alphas, times, prediction)
        weight = objective.min_snr_weight(objective.snr(self.alphas, times), config.min_snr_gamma, prediction)
        return objective.denoising_loss(answer, wanted, weight)

    def _steps(
        self,
        phase: str,
        parameters: list[Parameter],
        batches: Iterable[Any],
        loss_of: Callable[[Any], Tensor],
        checkpoint: Checkpoint | None,
    ) -> None:
        import torch

        from models.schedule import learning_rate

        config = self.config
        first, last = (0, config.vae_steps) if phase == AUTOENCODER else (config.vae_steps, config.total_steps)
        peak, falling_to = (config.vae_lr, config.vae_steps) if phase == AUTOENCODER else (config.lr, None)
        optimizer = torch.optim.AdamW(parameters, lr=peak, weight_decay=config.weight_decay, betas=(0.9, 0.99))
        if checkpoint is not None and checkpoint.phase == phase and "optimizer" in checkpoint.state:
            optimizer.load_state_dict(checkpoint.state["optimizer"])
        with self.run.log_path.open("a", encoding="utf-8") if self.ranks.first else nullcontext() as log:
            clock = time.perf_counter()
            for batch in batches:
                rate = learning_rate(batch.step - first, peak, config.warmup, falling_to)
                for group in optimizer.param_groups:
                    group["lr"] = rate
                loss = loss_of(batch)
                loss.backward()
                self.ranks.average_gradients(parameters)
                torch.nn.utils.clip_grad_norm_(parameters, config.clip_norm)
                value = self.ranks.mean(loss.item())
                if not value < float("inf"):
                    raise TrainingError(f"loss of {phase} is {value} at step {batch.step}: lower lr in the recipe")
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                if phase == DENOISER:
                    self.ema.step(parameters)
                now = time.perf_counter()
                if log is not None:
                    log.write(f"{batch.step},{phase},{value:.6f},{rate:.6g},{now - clock:.4f}\n")
                    log.flush()
                clock = now
                done = batch.step + 1
                if done < config.total_steps and done % config.checkpoint_every == 0 and done != last:
                    self._checkpoint(done, phase, self._state(optimizer))
                    clock = time.perf_counter()
                if self.progress:
                    self.progress(phase, done - first, last - first)
        if phase == DENOISER:
            self._checkpoint(last, phase, self._state(optimizer))

    def _precision(self) -> Any:
        import torch

        if self.config.precision == "bf16":
            return torch.autocast(self.device.type, torch.bfloat16)
        return nullcontext()

    def _trained(self) -> list[Parameter]:
        modules = [self.unet, self.text_encoder] if self.config.train_text_encoder else [self.unet]
        return [parameter for module in modules for parameter in module.parameters()]

    def _modules(self) -> dict[str, Any]:
        """What this run changes, by the names of the pipeline's parts."""
        names = ["unet"]
        names += ["text_encoder"] if self.config.train_text_encoder else []
        names += ["vae"] if self.config.vae_steps else []
        return {name: getattr(self.pipeline, name) for name in names}

    def _state(self, optimizer: Any) -> dict[str, Any]:
        state = {"optimizer": optimizer.state_dict()}
        return state if self.ema is None else {**state, "ema": self.ema.state_dict()}

    def _checkpoint(self, step: int, phase: str, state: dict[str, Any]) -> None:
        if self.ranks.first:
            weights = {f"{n}.{k}": t for n, m in self._modules().items() for k, t in m.state_dict().items()}
            self.run.save(Checkpoint(step, phase, weights, state))
        self.ranks.wait()

    def _load_weights(self, weights: dict[str, Tensor]) -> None:
        for name, module in self._modules().items():
            prefix = f"{name}."
            module.load_state_dict({k.removeprefix(prefix): t for k, t in weights.items() if k.startswith(prefix)})
        if self.config.vae_steps:
            self.vae.register_to_config(scaling_factor=1.0)

    def _save_model(self) -> TrainResult:
        from models.run import weights_digest

        if self.ranks.first:
            self.ema.copy_to(self._trained())
            self.pipeline.to("cpu")
            replace_folder(
                self.run.model, lambda folder: self.pipeline.save_pretrained(folder, safe_serialization=True)
            )
            self.run.finish(weights_digest(self.run.model))
        self.ranks.wait()
        result = self.run.finished()
        assert result is not None
        return result


if __name__ == "__main__":
    sys.exit(command("models.diffusion.train", train, load_config))
