"""The Ray engine: the same values as the local one, though its actors are killed, and a plain word where Ray is not."""

from __future__ import annotations

import importlib.util
import socket
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from curation import engine
from curation.engine import ray as ray_engine
from curation.engine.step import Step
from curation.recipe import FeatureChoice
from tests.curation.conftest import fill

CHOICES = [FeatureChoice(name=name) for name in ("decode", "ink", "palette", "caption")]
RAY = engine.Choice("ray")


def kill_actors() -> int:
    """SIGKILL to every actor of the cluster that this process started."""
    actors = [p for p in psutil.Process().children(recursive=True) if "MapWorker" in " ".join(p.cmdline()[:1])]
    for actor in actors:
        actor.kill()
    return len(actors)


@pytest.mark.slow
def test_killed_actors_lose_nothing_and_values_are_the_local_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Step, "batch", 2)
    store = fill(tmp_path, sites=6, pages=4)
    captures = list(store.captures())
    killed: list[int] = []
    listening: list[str] = []

    def progress(label: str, done: int, total: int) -> None:
        if label == "features" and not killed and done:
            found = psutil.Process().children(recursive=True)
            listening.extend(
                c.laddr.ip.removeprefix("::ffff:")
                for p in found
                for c in p.net_connections("tcp")
                if c.status == "LISTEN"
            )
            killed.append(kill_actors())

    homes = {"ray": tmp_path / "ray", "local": tmp_path / "local"}
    plan = engine.plan(CHOICES, tmp_path)
    for name, home in homes.items():
        values = engine.compute(plan, captures, store, home, progress, engine.Choice(name))  # type: ignore[arg-type]
        assert values == len(captures) * len(plan.features)
    assert killed[0] > 0
    assert set(listening) <= {"127.0.0.1", "::1"}
    ids = [capture.capture_id for capture in captures]
    for feature in plan.features:
        tables = [engine.read_feature(plan, feature.name, home, ids) for home in homes.values()]
        assert tables[0].equals(tables[1])


def test_without_ray_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    plan = engine.plan(CHOICES[:1], tmp_path)
    with (
        pytest.raises(engine.EngineError, match=r"pip install 'gesso\[ray\]'"),
        ray_engine.connected(plan, tmp_path, None),
    ):
        pass


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ray://127.0.0.1:10001", "Ray's client"),
        ("head", "give HOST:PORT, or auto"),
        ("http://head:6379", "give HOST:PORT, or auto"),
        ("127.0.0.1:99999", "give HOST:PORT, or auto"),
        ("a..b:6379", "no Ray cluster at a..b:6379"),
    ],
)
def test_what_is_no_address_is_named(address: str, said: str) -> None:
    with pytest.raises(engine.EngineError, match=said):
        ray_engine.see_that_it_answers(address)


def test_a_cluster_that_is_not_there_is_missed_before_ray_waits_for_it(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else can answer there
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        plan = engine.plan(CHOICES[:1], tmp_path)
        with (
            pytest.raises(engine.EngineError, match=f"no Ray cluster at {address} .*start one, or use local"),
            ray_engine.connected(plan, tmp_path, address),
        ):
            pass


def test_a_worker_with_other_weights_or_code_is_turned_away(tmp_path: Path) -> None:
    store = fill(tmp_path, sites=1)
    plan = engine.plan(CHOICES, tmp_path)
    crew = ray_engine.Crew.of(plan, Step(plan.features, store), tmp_path)
    other = replace(crew, fingerprints=crew.fingerprints | {"palette": "0" * 12})
    assert list(crew.step().level) == [feature.name for feature in plan.features]
    with pytest.raises(engine.EngineError, match="another one on a Ray worker"):
        other.step()


def test_an_actor_that_died_of_a_known_error_says_it_in_one_line() -> None:
    text = "The actor died:\n  File x\ncuration.engine.plan.EngineError: feature 'ink' is another one: install it"
    assert str(ray_engine._cause(RuntimeError(text))) == "feature 'ink' is another one: install it"
    assert str(ray_engine._cause(RuntimeError("no room"))).startswith("Ray gave up (no room)")


def test_models_apart_give_what_models_together_give(tmp_path: Path) -> None:
    store = fill(tmp_path, sites=1)
    plan = engine.plan(CHOICES[:2], tmp_path)
    crew = ray_engine.Crew.of(plan, Step(plan.features, store), tmp_path)
    jobs = tuple(engine.Job(capture, ("decode", "ink")) for capture in store.captures())
    rows = {"batch": [ray_engine.Batch(jobs[:3]), ray_engine.Batch(jobs[3:])]}
    together = ray_engine.PrepareActor(crew, apart=False)(rows)
    apart = ray_engine.ModelActor(crew)(ray_engine.PrepareActor(crew, apart=True)(rows))
    assert together == apart
    assert together["feature"] == ["decode", "ink", "decode", "ink"]
