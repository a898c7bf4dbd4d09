"""How a loaded encoder uses the machine: one thread a batch, whatever the process has."""

from __future__ import annotations

import numpy as np
import torch

from curation.encoder.place import find
from curation.encoder.towers import Encoder


def test_each_batch_has_one_thread_and_the_process_keeps_its_own() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        encoder = Encoder(find("gesso-mini", None))
        seen: set[int] = set()
        encoder.net.visual.register_forward_hook(lambda *_: seen.add(torch.get_num_threads()))
        torch.ones(1 << 20).sum()  # the number of the process is settled, too
        encoder.encode([np.zeros((encoder.side, encoder.side, 3), np.uint8)] * 40, 8)
        assert (seen, torch.get_num_threads()) == ({1}, 3)
    finally:
        torch.set_num_threads(before)
