"""What the optimiser moves: fp32 copies of the trained weights, whole or as low-rank updates, apart from the model.

The model computes in bf16 or fp32; steps too small for bf16 add up in the copies. A low-rank update (LoRA, Hu et al.
2021) is kept as its two factors, and the model always holds the sum: any architecture can have it, also layers whose
weights are no module of their own, and what is saved needs no adapter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from models.encoder.config import EncoderConfig, LoraChoice

EMBEDDINGS = ("token_embedding", "positional_embedding", "class_embedding")
DOWN, UP = "::down", "::up"


class Masters:
    """Of the parameters of `net` that require gradients; the model is set to `dtype` and follows `push`."""

    def __init__(self, net: Any, dtype: Any, lora: LoraChoice, seed: int) -> None:
        import torch

        self.net = net
        self.factor = lora.alpha / lora.rank if lora.rank else 0.0
        self.base: dict[str, Tensor] = {}
        self.values: dict[str, Tensor] = {}
        for name, parameter in net.named_parameters():
            if not parameter.requires_grad:
                continue
            if not lora.rank or parameter.ndim == 0 or name in ("logit_scale", "logit_bias"):
                self.values[name] = parameter.detach().float().clone()
            elif parameter.ndim == 2 and not any(word in name for word in EMBEDDINGS):
                rows, columns = parameter.shape
                source = torch.Generator().manual_seed(seed + len(self.base))
                down = torch.randn(lora.rank, columns, generator=source) / columns**0.5
                self.base[name] = parameter.detach().float().clone()
                self.values[name + DOWN] = down.to(parameter.device)
                self.values[name + UP] = torch.zeros(rows, lora.rank, device=parameter.device)
            else:
                parameter.requires_grad_(False)
        learnt = {name.partition("::")[0] for name in self.values}
        self.kept = {n: t.detach().clone() for n, t in net.state_dict().items() if n not in learnt}
        self.leaves = {name: torch.nn.Parameter(value) for name, value in self.values.items()}
        net.to(dtype)
        self.trained = {name: p for name, p in net.named_parameters() if p.requires_grad}
        self.push()

    def weight(self, name: str, values: dict[str, Tensor]) -> Tensor:
        """The fp32 weight of a trained parameter."""
        if name not in self.base:
            return values[name]
        return self.base[name] + self.factor * values[name + UP] @ values[name + DOWN]

    def push(self, values: dict[str, Tensor] | None = None) -> None:
        """Set the model's weights, from the leaves where no other values are given."""
        import torch

        values = values or self.state()
        with torch.no_grad():
            for name, parameter in self.trained.items():
                parameter.copy_(self.weight(name, values))

    def pull(self) -> None:
        """Move the model's gradients to the leaves, and clear the model's."""
        for name, parameter in self.trained.items():
            gradient = parameter.grad
            if gradient is None:
                continue
            gradient = gradient.detach().float()
            if name in self.base:
                up, down = self.leaves[name + UP], self.leaves[name + DOWN]
                up.grad = self.factor * gradient @ down.detach().T
                down.grad = self.factor * up.detach().T @ gradient
            else:
                self.leaves[name].grad = gradient.clone()
            parameter.grad = None

    def groups(self, config: EncoderConfig) -> list[dict[str, Any]]:
        """For the optimiser: matrices decay, all else does not; the image tower may have a rate of its own."""
        found: dict[tuple[bool, bool], list[Any]] = {}
        for name, leaf in self.leaves.items():
            found.setdefault((name.startswith("visual."), leaf.ndim > 1), []).append(leaf)
        image = (config.image_lr or config.lr) / config.lr
        return [
            {"params": some, "share": image if visual else 1.0, "weight_decay": config.weight_decay if matrix else 0.0}
            for (visual, matrix), some in sorted(found.items(), key=lambda item: item[0])
        ]

    def state(self) -> dict[str, Tensor]:
        return {name: leaf.detach() for name, leaf in self.leaves.items()}

    def load(self, state: dict[str, Tensor]) -> None:
        import torch

        with torch.no_grad():
            for name, leaf in self.leaves.items():
                leaf.copy_(state[name])
        self.push()

    def whole(self, values: dict[str, Tensor]) -> dict[str, Tensor]:
        """The model's state, its trained parts from `values` (of `state`'s form), all else as it was given."""
        return self.kept | {name: self.weight(name, values) for name in self.trained}
