"""A shift's digest: sent once at its end, also over a restart, and not when it would say nothing."""

from __future__ import annotations

from typing import Any

from quarterdeck.app.digest import ShiftDigest
from quarterdeck.clock import FakeClock
from quarterdeck.observe.notifiers import Digest
from quarterdeck.store.memory import MemoryDocumentStore

HOUR_NS = 3_600 * 10**9
MIDNIGHT_NS = 20_000 * 24 * HOUR_NS


class Desk:
    """`start` is a new process over the same documents."""

    def __init__(self) -> None:
        self.clock = FakeClock(MIDNIGHT_NS + 13 * HOUR_NS)
        self.documents = MemoryDocumentStore()
        self.sent: list[Digest] = []
        self.asked: list[tuple[str, float, int]] = []
        self.batched: list[str] = []
        self.digest = self.start()

    def handover(self, project: str, hours: float, end_ns: int) -> dict[str, Any]:
        self.asked.append((project, hours, end_ns))
        return {"batched": self.batched, "held": [], "refuted": [], "in_words": "1 waited.", "markdown": "# Handover"}

    def start(self) -> ShiftDigest:
        self.digest = ShiftDigest(
            projects=lambda: ["default"], handover=self.handover, tell=self.sent.append, desk=self.documents,
            hours=12.0, link="http://deck", clock=self.clock,
        )  # fmt: skip
        self.digest.step()
        return self.digest


def test_a_shift_is_told_once_at_its_end_over_a_restart() -> None:
    desk = Desk()
    assert desk.sent == [], "nothing waited"
    desk.batched = ["a1"]
    desk.clock.advance(10.9 * 3_600)
    desk.digest.step()
    desk.start()
    assert desk.sent == [], "the shift goes on"
    desk.clock.advance(0.2 * 3_600)
    desk.digest.step()
    desk.digest.step()
    desk.start()
    (digest,) = desk.sent
    assert desk.asked[-1] == ("default", 12.0, MIDNIGHT_NS + 24 * HOUR_NS)
    assert (digest.markdown, digest.link) == ("# Handover", "http://deck/handover")
    desk.clock.advance(12 * 3_600)
    desk.digest.step()
    assert len({one.digest_id for one in desk.sent}) == 2
