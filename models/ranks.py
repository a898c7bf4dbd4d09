"""Which process of how many this is, from the variables that torchrun and accelerate set. One process needs neither."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Ranks:
    """`first` is the one that writes."""

    rank: int = 0
    world_size: int = 1
    local_rank: int = 0

    @property
    def first(self) -> bool:
        return self.rank == 0

    def device(self) -> torch.device:
        import torch

        if torch.cuda.is_available():
            return torch.device("cuda", self.local_rank)
        return torch.device("cpu")

    def average_gradients(self, parameters: Iterable[torch.nn.Parameter]) -> None:
        """Make every rank's gradients their mean, in one message."""
        if self.world_size == 1:
            return
        import torch
        import torch.distributed as dist

        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients])
        dist.all_reduce(flat)
        flat /= self.world_size
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def mean(self, value: float) -> float:
        """The mean of a number over the ranks."""
        if self.world_size == 1:
            return value
        import torch
        import torch.distributed as dist

        tensor = torch.tensor(value, dtype=torch.float64, device=self.device())
        dist.all_reduce(tensor)
        return float(tensor) / self.world_size

    def wait(self) -> None:
        """Until every rank is here."""
        if self.world_size > 1:
            import torch.distributed as dist

            dist.barrier()


@contextmanager
def joined() -> Iterator[Ranks]:
    """This process's place among RANK, WORLD_SIZE and LOCAL_RANK, in a process group where there is more than one."""
    ranks = Ranks(*(int(os.environ.get(name, default)) for name, default in _VARIABLES))
    if ranks.world_size == 1:
        yield ranks
        return
    import torch
    import torch.distributed as dist

    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    if torch.cuda.is_available():
        torch.cuda.set_device(ranks.local_rank)
    try:
        yield ranks
    finally:
        dist.destroy_process_group()


_VARIABLES = (("RANK", "0"), ("WORLD_SIZE", "1"), ("LOCAL_RANK", "0"))
