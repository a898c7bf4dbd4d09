"""The Ray engine: the same steps in actors of a Ray cluster, through Ray Data; this process writes what comes back.

Ray Data starts a killed actor anew and computes its batch again, as often as it takes; a killed driver goes on from the
parts that it wrote, as the local engine does.
"""

from __future__ import annotations

import importlib.util
import logging
import os
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from crawlers.captures import CaptureStore
from curation.engine import local, reaper
from curation.engine.plan import EngineError, Plan, other_features
from curation.engine.step import Job, Prepared, Step
from curation.errors import GessoError
from curation.features import create
from curation.features.base import Feature

WAVE = 512  # batches that are handed to the cluster at a time: the driver's memory does not grow with the captures
HANDED_ON = ("GESSO_ENCODER",)  # of this process's environment; what opens an object store, each machine has itself
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
ON_LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}  # Ray's word for: no cluster, so listen on 127.0.0.1 only
STARTS = 3  # tries of a cluster of our own, on a machine that is busy
ANSWER_SECONDS = 10.0  # for a head to take a connection; Ray itself waits for many minutes, and says so in no one line
WAITING_READS = 8  # captures an actor reads at once from an object store


@dataclass(frozen=True)
class Batch:
    """What goes to an actor and, where models are apart, from one to the next. A class of its own stays one object."""

    content: tuple[Any, ...]


@dataclass(frozen=True)
class Crew:
    """How an actor makes its features, and how it sees that they are the driver's."""

    store: str
    home: str
    level: tuple[str, ...]
    params: dict[str, dict[str, Any]]  # of all features of the plan: some stand on others
    fingerprints: dict[str, str]

    @classmethod
    def of(cls, plan: Plan, step: Step, home: Path) -> Crew:
        params = {feature.name: feature.params.model_dump(mode="json") for feature in plan.features}
        return cls(step.store.url, str(home.resolve()), tuple(step.level), params, plan.fingerprints)

    def step(self) -> Step:
        """Raises EngineError where this machine's code or weights are others than the driver's."""
        return Step([self._feature(name) for name in self.level], CaptureStore(self.store))

    def _feature(self, name: str) -> Feature:
        feature = create(name, self.params[name])
        feature.connect({need: self._feature(need) for need in other_features(feature)})
        feature.check(Path(self.home))
        needed = {need: self.fingerprints[need] for need in other_features(feature)}
        if feature.fingerprint(needed) != self.fingerprints[name]:
            raise EngineError(
                f"feature {name!r} is another one on a Ray worker than here (its code, precision or weights): "
                "install the same version everywhere, or split the cluster by kind of machine"
            )
        return feature


class PrepareActor:
    """Reads, decodes and prepares; runs the models too, unless they are apart."""

    def __init__(self, crew: Crew, apart: bool) -> None:
        self.step, self.apart = crew.step(), apart

    def __call__(self, rows: dict[str, Any]) -> dict[str, Any]:
        batches = [self._prepared(batch.content) for batch in rows["batch"]]
        if self.apart:
            return {"batch": [Batch(tuple(batch)) for batch in batches]}
        return as_rows(self.step.tables(batch) for batch in batches)

    def _prepared(self, jobs: Sequence[Job]) -> list[Prepared]:
        if not self.step.remote:
            return [self.step.prepare(job) for job in jobs]
        with ThreadPoolExecutor(WAITING_READS) as pool:
            return list(pool.map(self.step.prepare, jobs))


class ModelActor:
    """Runs the models on what others prepared: a GPU is not kept waiting by a decoder in its own process."""

    def __init__(self, crew: Crew) -> None:
        self.step = crew.step()

    def __call__(self, rows: dict[str, Any]) -> dict[str, Any]:
        return as_rows(self.step.tables(batch.content) for batch in rows["batch"])


def as_rows(found: Iterable[dict[str, pa.Table]]) -> dict[str, Any]:
    """One row a feature's table, as an Arrow stream: Ray's own types do not know all of ours."""
    pairs = [(name, table) for tables in found for name, table in tables.items()]
    return {"feature": [name for name, _ in pairs], "table": [_to_bytes(table) for _, table in pairs]}


def _to_bytes(table: pa.Table) -> bytes:
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, table.schema) as writer:
        writer.write_table(table)
    return out.getvalue().to_pybytes()


def _from_bytes(data: bytes) -> pa.Table:
    return pa.ipc.open_stream(data).read_all()


@dataclass
class RayEngine:
    """A connected cluster. `models_apart` gives features with a model actors of their own, one a GPU."""

    plan: Plan
    home: Path
    cpus: int
    gpus: int
    models_apart: bool

    def run_level(self, step: Step, jobs: Iterable[Job], folder: Callable[[str], Path], advance: local.Advance) -> None:
        """As `local.run_level`."""
        writers = {name: local.LIMITS.writer(folder(name)) for name in step.level}
        done = 0
        source = iter(jobs)
        batches = iter(lambda: tuple(islice(source, step.batch)), ())
        try:
            while wave := list(islice(batches, WAVE)):
                waiting = {job.capture.capture_id for batch in wave for job in batch}
                for name, table in self._computed(step, wave):
                    writers[name].add(table)
                    for writer in writers.values():
                        writer.close_if_due()
                    waiting.difference_update(table["capture_id"].to_pylist())
                    advance(done + sum(len(batch) for batch in wave) - len(waiting))
                done += sum(len(batch) for batch in wave)
        finally:
            for writer in writers.values():
                writer.close()

    def _model_needs(self) -> dict[str, Any]:
        return {"num_gpus": 1} if self.gpus else {"num_cpus": 1}

    def _computed(self, step: Step, wave: Sequence[tuple[Job, ...]]) -> Iterator[tuple[str, pa.Table]]:
        import ray

        crew = Crew.of(self.plan, step, self.home)
        apart = self.models_apart and any(type(f).compute is not Feature.compute for f in step.level.values())
        data: ray.data.Dataset = ray.data.from_items(
            [{"batch": Batch(batch)} for batch in wave], override_num_blocks=min(len(wave), 8 * self.cpus)
        )
        prepare = max(1, min(self.cpus - (1 if apart and not self.gpus else 0), len(wave)))
        data = data.map_batches(
            PrepareActor,
            fn_constructor_args=(crew, apart),
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=prepare),
            num_cpus=1,
        )
        if apart:
            data = data.map_batches(
                ModelActor,
                fn_constructor_args=(crew,),
                batch_size=1,
                compute=ray.data.ActorPoolStrategy(min_size=1, max_size=max(1, self.gpus)),
                **self._model_needs(),
            )
        try:
            for rows in data.iter_batches(batch_size=None, batch_format="pyarrow"):
                assert isinstance(rows, pa.Table)
                for name, table in zip(rows["feature"].to_pylist(), rows["table"].to_pylist(), strict=True):
                    yield name, _from_bytes(table)
        except Exception as error:
            raise _cause(error) from None


def _cause(error: BaseException) -> BaseException:
    """What a feature said, from within Ray's wrappings."""
    seen: BaseException | None = error
    while seen is not None:
        inner = getattr(seen, "cause", None)
        if isinstance(inner, GessoError):
            return EngineError(str(inner))
        seen = inner if isinstance(inner, BaseException) and inner is not seen else seen.__cause__
    text = str(error)
    if said := re.findall(
        r"(?:curation|crawlers)\.[\w.]+Error: (.+)", text
    ):  # an actor that died has its error as text
        return EngineError(said[-1])
    last = next((line for line in reversed(text.splitlines()) if line.strip()), type(error).__name__)
    return EngineError(f"Ray gave up ({last.strip()[:200]}): run the same command to go on")


@contextmanager
def connected(plan: Plan, home: Path, address: str | None) -> Iterator[RayEngine]:
    """A cluster at `address` (host:port or `auto`), or one of this machine alone, on loopback, for the run.

    Raises EngineError where Ray is not installed or no cluster answers. Ray's usage statistics and dashboard are off.
    """
    if importlib.util.find_spec("ray") is None:
        raise EngineError("--engine ray needs Ray, which is not installed: pip install 'gesso[ray]', or use local")
    if address is not None and address != "auto":
        see_that_it_answers(address)
    for name, value in (QUIET | (ON_LOOPBACK if address is None else {})).items():
        os.environ.setdefault(name, value)  # read when Ray is imported
    import ray

    mine = not ray.is_initialized()
    watch = reaper.start() if mine and address is None else None
    try:
        if mine:
            _start(address)
        context = ray.data.DataContext.get_current()
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        resources = ray.cluster_resources()
        cpus, gpus = int(resources.get("CPU", 1)), int(resources.get("GPU", 0))
        yield RayEngine(plan, home, cpus, gpus, models_apart=gpus > 0)
    finally:
        if mine:
            ray.shutdown()
        if watch is not None and watch.stdin is not None:
            watch.stdin.close()  # it looks around for a while yet, and ends by itself


def see_that_it_answers(address: str) -> None:
    """Raise EngineError where `address` is no host:port, or nothing there takes a connection within ten seconds."""
    if address.startswith("ray://"):
        raise EngineError(
            f"{address} is for Ray's client, through which Ray Data does not run: "
            "give the head's HOST:PORT, on a machine of the cluster"
        )
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise EngineError(f"{address!r} is no address of a Ray cluster: give HOST:PORT, or auto")
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_SECONDS).close()
    except (OSError, UnicodeError) as error:  # UnicodeError: a name that no host can have
        raise EngineError(f"no Ray cluster at {address} ({error}): start one, or use local") from None


def _start(address: str | None) -> None:
    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is not None:
        quiet["runtime_env"] = {"env_vars": {name: os.environ[name] for name in HANDED_ON if name in os.environ}}
    else:
        quiet |= {"num_cpus": local.cores(), "include_dashboard": False}
    for turn in range(STARTS):
        try:
            ray.init(address=address or "local", **quiet)
            return
        except Exception as error:  # Ray throws a bare Exception where a node takes over 30 s to start
            ray.shutdown()
            if address is None and turn + 1 < STARTS and "timed out" in str(error):
                continue
            place, why = address or "this machine", " ".join(str(error).split())[:160]
            token = ", set RAY_AUTH_MODE=token where the cluster has a token" if address is not None else ""
            raise EngineError(f"no Ray cluster at {place} ({why}): start one{token}, or use local") from None
