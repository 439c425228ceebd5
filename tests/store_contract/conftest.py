"""Every test that asks for `store` runs once per engine; `place` runs once per engine that persists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest

from quarterdeck.store.interface import TelemetryStore

from .engines import ENGINES, PERSISTENT, Engine


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.param


@pytest.fixture
def store(engine: Engine, tmp_path: Path) -> Iterator[TelemetryStore]:
    with closing(engine.open(tmp_path)) as opened:
        yield opened


@pytest.fixture(params=PERSISTENT, ids=lambda engine: engine.name)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], AbstractContextManager[TelemetryStore]]:
    """Opens a store at one place: each call opens it again, and leaving the block closes it."""
    return lambda: closing(request.param.open(tmp_path))
