"""The map: one point on a plane for each capture, by its embedding, or by what its pixels measure where there is none.

t-SNE of at most FITTED captures; the others lie among their nearest neighbours of those. The same vectors give the same
plane, whatever the number of cores.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from curation.features.palette import oklab
from curation.report.pictures import Progress
from curation.report.tables import Version, shard_paths

FITTED = 2000
NEIGHBOURS = 5
LEAST = 8  # captures that make a map
INK = ("entropy", "blankness", "text_coverage", "whitespace", "edge_density", "lightness", "chroma", "aspect")
CODE = 1  # raise when the same vectors give another plane


@dataclass(frozen=True)
class Plane:
    """`xy` is float32[n, 2] within [0, 1], NaN for a capture without a place; `basis` and `method` tell the reader."""

    xy: np.ndarray
    basis: str
    method: str


def plane(version: Version, home: Path, progress: Progress | None = None) -> Plane | None:
    """None where fewer than LEAST captures have something to be placed by. Cached under `<home>/previews`."""
    vectors, basis = embeddings(version, home), "embedding"
    known = np.isfinite(vectors).all(1) if vectors.size else np.zeros(len(version.table), bool)
    if known.sum() < LEAST:
        vectors, basis = measured(version), "pixels"
        known = np.isfinite(vectors).all(1) if vectors.size else known
    if known.sum() < LEAST:
        return None
    if progress is not None:
        progress("report: map", 0, 1)
    laid, method = _cached(np.ascontiguousarray(vectors[known], np.float32), Path(home) / "previews" / "maps")
    xy = np.full((len(vectors), 2), np.nan, np.float32)
    xy[known] = laid
    _beside_kept(xy, version)
    if progress is not None:
        progress("report: map", 1, 1)
    return Plane(_into_unit(xy), basis, method)


def embeddings(version: Version, home: Path) -> np.ndarray:
    """float32[n, d], L2-normalised; NaN where a capture has none. From the shards, then from the feature files."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    shown = pa.array(version.ids, pa.string())
    place = {capture_id: index for index, capture_id in enumerate(version.ids)}
    folder = Path(home) / "datasets" / version.name / version.number
    paths = [path for path in shard_paths(folder, version.manifest) if path.is_file()]
    for feature in version.manifest.get("features", []):
        if feature.get("name") == "embedding":
            paths += sorted((Path(home) / "features" / f"embedding-{feature.get('fingerprint')}").glob("*.parquet"))
    found = np.empty((0, 0), np.float32)
    for path in paths:
        try:
            if not {"capture_id", "embedding"} <= set(pq.read_schema(path).names):
                continue
            table = pq.read_table(path, columns=["capture_id", "embedding"]).drop_null()
            table = table.filter(pc.is_in(table["capture_id"], value_set=shown))
        except (OSError, ValueError):
            continue  # a map with fewer captures is better than no report
        if not len(table):
            continue
        vectors = np.stack([np.asarray(v, np.float32) for v in table["embedding"].to_numpy()])
        if not found.size:
            found = np.full((len(place), vectors.shape[1]), np.nan, np.float32)
        if vectors.shape[1] != found.shape[1]:
            continue
        found[[place[capture_id] for capture_id in table["capture_id"].to_pylist()]] = vectors
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6) if found.size else found


def measured(version: Version) -> np.ndarray:
    """float32[n, d]: ink and shape, the palette in OKLab by share, and the perceptual hash, each of equal weight."""
    parts = []
    ink = np.array([[_number(v) for v in version.column(name)] for name in INK if name in version.table.column_names])
    if ink.size:
        parts.append(_standard(np.where(np.isfinite(ink.T), ink.T, np.nan)))
    if "palette" in version.table.column_names:
        shares = version.column("palette_shares")
        colours = [_palette(p, s) for p, s in zip(version.column("palette"), shares, strict=True)]
        parts.append(_standard(np.array(colours)))
    if "phash" in version.table.column_names:
        parts.append(_standard(np.array([_bits(hash_) for hash_ in version.column("phash")])))
    if not parts:
        return np.empty((0, 0), np.float32)
    return np.hstack([part / np.sqrt(part.shape[1]) for part in parts]).astype(np.float32)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else np.nan


def _standard(values: np.ndarray) -> np.ndarray:
    """Columns of mean 0 and spread 1; a row without any value stays NaN, a single gap becomes the mean."""
    known = np.isfinite(values)
    count = np.maximum(known.sum(0), 1)
    filled = np.where(known, values, 0.0)
    mean = filled.sum(0) / count
    centred = np.where(known, values - mean, 0.0)
    spread = np.sqrt((centred**2).sum(0) / count)
    scaled = centred / np.where(spread > 1e-9, spread, 1.0)
    scaled[~known.any(1)] = np.nan
    return scaled


def _palette(palette: list[str] | None, shares: list[float] | None) -> list[float]:
    """Mean and spread in OKLab."""
    colours = [colour for colour in palette or [] if isinstance(colour, str) and len(colour) == 7]
    if not colours:
        return [np.nan] * 6
    try:
        rgb = np.array([[int(colour[at : at + 2], 16) for at in (1, 3, 5)] for colour in colours])
    except ValueError:
        return [np.nan] * 6
    lab = oklab(rgb)
    weights = np.array((shares or [1.0] * len(colours))[: len(colours)], float)
    if len(weights) < len(colours) or not np.isfinite(weights).all() or weights.sum() <= 0:
        weights = np.ones(len(colours))
    weights /= weights.sum()
    mean = weights @ lab
    return [*mean, *np.sqrt(weights @ (lab - mean) ** 2)]


def _bits(phash: str | None) -> np.ndarray:
    try:
        packed = np.frombuffer(bytes.fromhex(phash or ""), np.uint8)
    except ValueError:
        packed = np.zeros(0, np.uint8)
    return np.unpackbits(packed).astype(float) if len(packed) == 32 else np.full(256, np.nan)


def _cached(vectors: np.ndarray, cache: Path) -> tuple[np.ndarray, str]:
    method = _method(len(vectors))
    key = hashlib.sha256(f"{CODE} {method} {vectors.shape}".encode() + vectors.tobytes()).hexdigest()[:32]
    path = cache / f"{key}.npy"
    try:
        known = np.load(path, allow_pickle=False)
        if known.shape == (len(vectors), 2):
            return known, method
    except (OSError, ValueError, EOFError):
        pass  # not laid out yet, or cut short
    laid = _laid_out(vectors, method)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(".part.npy")
        np.save(aside, laid)
        aside.replace(path)
    except OSError:
        pass  # only slower next time
    return laid, method


def _method(count: int) -> str:
    """t-SNE where scikit-learn is at hand and there are enough captures for neighbourhoods, else two principal axes."""
    try:
        import sklearn.manifold  # noqa: F401
    except ImportError:
        return "PCA"
    return "t-SNE" if count >= 30 else "PCA"


def _laid_out(vectors: np.ndarray, method: str) -> np.ndarray:
    reduced = _principal(vectors, 50)
    if method == "PCA":
        return reduced[:, :2].astype(np.float32)
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    chosen = np.unique(np.linspace(0, len(vectors) - 1, min(FITTED, len(vectors))).astype(int))
    few = reduced[chosen]
    start = few[:, :2] / max(float(few[:, 0].std()), 1e-9) * 1e-4
    near = min(30.0, (len(chosen) - 1) / 3)
    with threadpool_limits(1):  # its threads wait by spinning, which stalls where the cores are shared
        fitted = TSNE(init=start, perplexity=near, max_iter=500, random_state=0).fit_transform(few)
    if len(chosen) == len(vectors):
        return fitted.astype(np.float32)
    return _among_neighbours(reduced, chosen, fitted)


def _principal(vectors: np.ndarray, most: int) -> np.ndarray:
    """Principal components, the sign of each fixed by its largest loading."""
    centred = vectors.astype(np.float64) - vectors.mean(0, dtype=np.float64)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, ::-1][:, : min(most, vectors.shape[1])]
    axes = axes * np.sign(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])])
    found: np.ndarray = (centred @ axes).astype(np.float32)
    return found if found.shape[1] >= 2 else np.hstack([found, np.zeros_like(found)])


def _among_neighbours(vectors: np.ndarray, chosen: np.ndarray, fitted: np.ndarray) -> np.ndarray:
    """Each capture that was not fitted lies nearest to its nearest; a little apart, so that none hides another."""
    import faiss

    index = faiss.IndexFlatL2(vectors.shape[1])
    index.add(np.ascontiguousarray(vectors[chosen]))
    others = np.setdiff1d(np.arange(len(vectors)), chosen)
    distance, near = index.search(np.ascontiguousarray(vectors[others]), min(NEIGHBOURS, len(chosen)))
    weights = 1 / (distance + 0.05 * distance.mean() + 1e-9) ** 2
    weights /= weights.sum(1, keepdims=True)
    laid = np.empty((len(vectors), 2), np.float32)
    laid[chosen] = fitted
    apart = np.random.default_rng(0).normal(0, 0.004 * float(np.ptp(fitted)), (len(others), 2))
    laid[others] = (fitted[near] * weights[..., None]).sum(1) + apart
    return laid


def _beside_kept(xy: np.ndarray, version: Version) -> None:
    """A copy without a place of its own stands with the capture that stands for it."""
    place = {capture_id: index for index, capture_id in enumerate(version.ids)}
    for index, kept in enumerate(version.column("kept_id")):
        if kept in place and np.isnan(xy[index, 0]):
            xy[index] = xy[place[kept]]


def _into_unit(xy: np.ndarray) -> np.ndarray:
    """Turned so that the plane is widest along x, moved and scaled, both axes alike, so that all lie within [0, 1]."""
    known = np.isfinite(xy).all(1)
    xy = np.where(known[:, None], xy, np.nan)
    xy[known] = _principal(xy[known], 2)
    low, high = np.nanmin(xy, axis=0), np.nanmax(xy, axis=0)
    span = max(float((high - low).max()), 1e-9)
    unit: np.ndarray = ((xy - (low + high) / 2) / span + 0.5).astype(np.float32)
    return unit
