"""Run by the peer's own Python: clip-retrieval's inference over a folder; prints its seconds and processor seconds.

`run_clip_retrieval.py PICTURES WEIGHTS OUT BATCH`. The model is loaded and warm before the clock starts, as it is for
the other side.
"""

import json
import resource
import sys
import time

import all_clip.main
import torch
from clip_retrieval.clip_inference.main import main as clip_inference


def processor_seconds() -> float:
    return sum(resource.getrusage(who).ru_utime + resource.getrusage(who).ru_stime
               for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))  # fmt: skip


if __name__ == "__main__":
    pictures, weights, out, batch = sys.argv[1:]
    model = f"open_clip:ViT-B-32/{weights}"
    tower, _, _ = all_clip.main.load_clip_without_warmup(model, False, "cpu", None)
    with torch.no_grad():
        tower.encode_image(torch.zeros(4, 3, 224, 224))
    all_clip.main.warmup = lambda *_: None  # it is warm; its own takes two whole batches of pictures and texts
    wall, cpu = time.perf_counter(), processor_seconds()
    print("CLOCK STARTS", flush=True)
    clip_inference(pictures, out, clip_model=model, enable_text=False, batch_size=int(batch))
    measured = {"seconds": time.perf_counter() - wall, "processor_seconds": processor_seconds() - cpu}
    print(f"\n{json.dumps(measured)}", flush=True)  # its own progress ends without a line's end
