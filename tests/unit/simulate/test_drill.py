"""What a drill sends."""

from __future__ import annotations

from collections import Counter
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from quarterdeck.simulate.drill import AFTER, AT_ONCE, BEFORE, parts

NOW_NS = 1_795_503_600 * 10**9


def spans(size: float, seed: int = 7) -> list[tuple[str, bool, Any]]:
    """(version, failed, root span) of every run."""
    found = []
    for part in parts("d1", size, seed, NOW_NS):
        message = ExportTraceServiceRequest.FromString(part.body)
        for block in message.resource_spans:
            root = block.scope_spans[0].spans[0]
            said = {one.key: one.value.string_value for one in root.attributes}
            found.append((said["quarterdeck.prompt_version"], root.status.code == 2, root))
    return found


def failing(size: float, version: str) -> float:
    runs = [failed for found, failed, _ in spans(size) if found == version]
    return sum(runs) / len(runs)


def test_a_regression_raises_the_failing_share_of_the_new_version_only() -> None:
    assert Counter(version for version, _, _ in spans(0.5)) == {"v6": BEFORE, "v7": AFTER}
    assert 0.06 < failing(0.5, "v6") < 0.14
    assert 0.52 < failing(0.5, "v7") < 0.68


def test_noise_is_the_same_under_another_name() -> None:
    assert 0.05 < failing(0.0, "v7") < 0.16


def test_equal_arguments_give_equal_bytes_and_another_drill_other_ids() -> None:
    assert list(parts("d1", 0.3, 1, NOW_NS)) == list(parts("d1", 0.3, 1, NOW_NS))
    assert [part.body for part in parts("d1", 0.3, 1, NOW_NS)] != [part.body for part in parts("d2", 0.3, 1, NOW_NS)]


def test_the_new_version_comes_in_small_requests_and_all_is_over_by_now() -> None:
    sent = list(parts("d1", 0.3, 1, NOW_NS))
    assert sum(part.held for part in sent) == BEFORE + AFTER
    assert [part.runs for part in sent if part.runs] == list(range(AT_ONCE, AFTER + 1, AT_ONCE))
    assert max(root.end_time_unix_nano for _, _, root in spans(0.3)) < NOW_NS
    assert len({root.trace_id for _, _, root in spans(0.3)}) == BEFORE + AFTER
