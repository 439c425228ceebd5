"""The engines as fixtures. Those that need a server carry the mark `services`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.engine_contract import engines


@pytest.fixture(scope="session")
def redis_server() -> Iterator[engines.Server]:
    with engines.server() as one:
        yield one


@pytest.fixture(scope="module", params=["in_process", pytest.param("redis", marks=[pytest.mark.services])])
def make(request: pytest.FixtureRequest) -> object:
    if request.param == "in_process":
        return engines.in_process
    return request.getfixturevalue("redis_server").engine
