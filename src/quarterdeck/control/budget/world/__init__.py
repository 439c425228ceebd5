"""What is true now, kept small: facts from tool calls that must survive whatever leaves the window.

`World` reads messages, rules find facts in them, the newest value of each entity wins, and what it replaced is known with
the place. `superseded` names what the next action takes from the past. Refuses a model: rules read forms, not meaning.
"""

from __future__ import annotations

from quarterdeck.control.budget.world.events import Called, Event, Said
from quarterdeck.control.budget.world.facts import Fact, Past
from quarterdeck.control.budget.world.rules import RULES, Rule
from quarterdeck.control.budget.world.stale import Superseded, superseded
from quarterdeck.control.budget.world.state import World, world_of

__all__ = ["RULES", "Called", "Event", "Fact", "Past", "Rule", "Said", "Superseded", "World", "superseded", "world_of"]
