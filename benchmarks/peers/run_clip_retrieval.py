"""Runs clip-retrieval's own inference over a folder, with its defaults, and prints the seconds and processor seconds.

`PYTHON run_clip_retrieval.py PICTURES WEIGHTS OUT`, by the Python of its own environment. The model is loaded and
warmed up before the clock starts, as it is for the other side.
"""

import json
import resource
import sys
import time

from all_clip import load_clip
from clip_retrieval.clip_inference.main import main as clip_inference

BATCH = 256  # its default; said here only to have the model in its cache under the same key


def processor_seconds() -> float:
    return sum(resource.getrusage(who).ru_utime + resource.getrusage(who).ru_stime
               for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))  # fmt: skip


if __name__ == "__main__":
    pictures, weights, out = sys.argv[1:]
    model = f"open_clip:ViT-B-32/{weights}"
    load_clip(clip_model=model, use_jit=False, warmup_batch_size=BATCH, clip_cache_path=None)
    wall, cpu = time.perf_counter(), processor_seconds()
    print("CLOCK STARTS", flush=True)
    clip_inference(pictures, out, clip_model=model, enable_text=False)
    print(
        json.dumps({"seconds": time.perf_counter() - wall, "processor_seconds": processor_seconds() - cpu}), flush=True
    )
