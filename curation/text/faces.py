"""Faces in a picture: YuNet where its ONNX file is given, else the frontal cascade that OpenCV brings along.

The cascade (Viola and Jones 2001) sees upright faces from the front and takes some patterns for faces: a count of its
is a hint. YuNet (Wu et al. 2023, `face_detection_yunet_*.onnx` of OpenCV's model zoo) misses few.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from curation.errors import GessoError

SIDE = 1280  # px of the longer side that is looked at; a long page is looked at in pieces as high
SMALLEST = 40  # px of the looked-at picture
CERTAIN = 0.8  # YuNet's confidence
CASCADE, EYES = "haarcascade_frontalface_alt2.xml", "haarcascade_eye_tree_eyeglasses.xml"

_local = threading.local()  # OpenCV's detectors keep state while they look


class FaceModelError(GessoError):
    """The named face model cannot be read."""


def faces(image: Image.Image, model: str = "") -> list[tuple[int, int, int, int]]:
    """(x, y, width, height) of faces in an RGB picture, in its pixels, from the top to the bottom."""
    scale = min(1.0, SIDE / image.width)
    found: list[tuple[int, int, int, int]] = []
    high = round(image.height * scale)
    for top in range(0, max(1, high), SIDE):
        bottom = min(high, top + SIDE)
        if bottom - top < SMALLEST:
            break
        box = (0, top / scale, image.width, min(image.height, bottom / scale))
        piece = image.resize((max(1, round(image.width * scale)), bottom - top), Image.Resampling.BILINEAR, box=box)
        for x, y, w, h in (_yunet if model else _cascade)(np.asarray(piece), model):
            found.append((round(x / scale), round((y + top) / scale), round(w / scale), round(h / scale)))
    return sorted(found, key=lambda face: (face[1], face[0]))


def identity(model: str) -> str:
    """Identifies the detector: the file's hash, or the cascade's name. Raises FaceModelError for a missing file."""
    if not model:
        return CASCADE
    import hashlib

    try:
        return hashlib.sha256(Path(model).read_bytes()).hexdigest()
    except OSError as error:
        raise FaceModelError(
            f"no face model at {model} ({error.__class__.__name__}): give YuNet's .onnx file, or leave face_model out"
        ) from None


def _cascade(pixels: np.ndarray, _: str) -> list[tuple[int, int, int, int]]:
    import cv2

    if not hasattr(_local, "cascade"):
        folder = Path(cv2.__file__).parent / "data"
        _local.cascade = cv2.CascadeClassifier(str(folder / CASCADE)), cv2.CascadeClassifier(str(folder / EYES))
    frontal, eyes = _local.cascade
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    found = []
    for x, y, w, h in frontal.detectMultiScale(grey, 1.1, 5, minSize=(SMALLEST, SMALLEST)):
        upper = cv2.resize(grey[y : y + h * 2 // 3, x : x + w], (160, 107))
        if len(eyes.detectMultiScale(upper, 1.05, 3, minSize=(20, 20))):  # a pattern seldom has eyes where a face has
            found.append((int(x), int(y), int(w), int(h)))
    return found


def _yunet(pixels: np.ndarray, model: str) -> list[tuple[int, int, int, int]]:
    import cv2

    detector = _detector(model)
    detector.setInputSize((pixels.shape[1], pixels.shape[0]))
    _, rows = detector.detect(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    return [tuple(int(v) for v in row[:4]) for row in (rows if rows is not None else ())]  # type: ignore[misc]


def _detector(model: str) -> Any:
    import cv2

    if getattr(_local, "model", None) != model:
        try:
            _local.detector = cv2.FaceDetectorYN.create(model, "", (320, 320), CERTAIN)
        except cv2.error as error:
            why = " ".join(str(error).split())[:120]
            raise FaceModelError(f"{model} is no YuNet model ({why}): give face_detection_yunet_*.onnx") from None
        _local.model = model
    return _local.detector
