"""A patrol written and read again: equal evidence after a restart.

Refuses: the state of another project, of other signals, of options under which the arrays mean something else, or of
another form. It is never converted: the watch learns again from the store, which takes seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quarterdeck.errors import BadFile
from quarterdeck.model.signals import Deploy
from quarterdeck.observe.signals.blocks import Block, Blocks, Item
from quarterdeck.observe.signals.clustering import Clustering
from quarterdeck.observe.signals.codec import Codec, graft, is_object
from quarterdeck.observe.signals.controls import Controls
from quarterdeck.observe.signals.days import Days
from quarterdeck.observe.signals.deploy_test import DeployTest
from quarterdeck.observe.signals.deploys import Deploys
from quarterdeck.observe.signals.history import History
from quarterdeck.observe.signals.line import Held, Line
from quarterdeck.observe.signals.newest import Newest, Told
from quarterdeck.observe.signals.outcomes_known import OutcomesKnown
from quarterdeck.observe.signals.pairs import Pairs
from quarterdeck.observe.signals.recent import Recent
from quarterdeck.observe.signals.records import Record
from quarterdeck.observe.signals.recovery import Recovery
from quarterdeck.observe.signals.scope import Scope
from quarterdeck.observe.signals.seasons import Seasons
from quarterdeck.observe.signals.strata import Strata, Stratum
from quarterdeck.observe.signals.versions import Seen, Versions
from quarterdeck.stats import Ranks

if TYPE_CHECKING:
    from quarterdeck.observe.signals.patrol import Patrol

FORM = 3
"""Rises with every change of what is written."""
NAME = "the state of the signals"
_PARTS = (
    "scopes", "strata", "seasons", "clustering", "blocks", "fleet_deploys", "newest", "days", "known", "lasting",
    "cohort_of", "first_ns", "last_ns", "usual_ns", "line", "wait_ns", "first_end_ns", "quiet_ns",
    "ahead", "warm", "runs", "expected",
)  # fmt: skip
_CODEC = Codec(
    (
        Deploy, Block, Blocks, Item, Clustering, Controls, Days, DeployTest, Deploys, History, Newest, Told, OutcomesKnown,
        Held, Line, Pairs, Recent, Record, Recovery, Scope, Seasons, Strata, Stratum, Seen, Versions, Ranks,
    ),
    {
        DeployTest: frozenset({"columns"}),
        Deploys: frozenset({"_columns", "_options"}),
        Strata: frozenset({"_columns"}),
        Blocks: frozenset({"_runs_max", "_silence_ns"}),
        Versions: frozenset({"_runs_min"}),
    },
)  # fmt: skip


def dump(patrol: Patrol) -> bytes:
    """All that the patrol knows."""
    state = {"head": _head(patrol), "names": patrol.columns.names}
    return _CODEC.pack(state | {name: getattr(patrol, name) for name in _PARTS})


def restore(patrol: Patrol, data: bytes) -> None:
    """Give a new patrol what `dump` wrote. Raises BadFile for anything else."""
    try:
        state = _CODEC.unpack(data)
    except ValueError as error:
        raise BadFile(NAME, str(error)) from error
    if state.get("head") != _head(patrol) or not set(_PARTS) <= set(state):
        msg = "it was written under other options, for other signals, or by another version"
        raise BadFile(NAME, msg, mend="the watch learns again from the stored runs")
    patrol.columns.restore(state["names"])
    for name in _PARTS:
        mine, read = getattr(patrol, name), state[name]
        if is_object(mine):
            graft(mine, read)
        else:
            setattr(patrol, name, read)
    for test in patrol.fleet_deploys.tests:
        test.columns = patrol.columns


def _head(patrol: Patrol) -> list[Any]:
    """What must be equal for the arrays to mean the same."""
    options = patrol.options
    fixed = [signal.name for signal in patrol.columns.fixed]
    return [FORM, patrol.project, fixed, patrol.columns.size, list(options.cohort_by), options.tolerance]
