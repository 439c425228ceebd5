"""The arithmetic of a task's money: what is spent, what is held for calls under way and for children.

One ledger is one node; a child's ceilings are amounts that its parent holds. Refuses: locks and clocks. Whoever calls holds
the lock of the whole tree, so that a move between nodes is seen whole or not at all.
"""

from __future__ import annotations

from quarterdeck.control.tasks.amounts import LEDGER, Amounts
from quarterdeck.model.estimates import Quantity


class Ledger:
    """`ceilings`: of this node; seconds are not kept here. A child has every ceiling that its parent has."""

    def __init__(self, ceilings: Amounts, parent: Ledger | None = None) -> None:
        self.ceilings = {name: ceilings[name] for name in LEDGER if name in ceilings}
        self.spent: dict[Quantity, float] = dict.fromkeys(LEDGER, 0.0)
        self.held: dict[Quantity, float] = dict.fromkeys(LEDGER, 0.0)
        self.closed = False
        self._parent = parent
        # What the parent holds for this node: its ceilings, and what ran over.
        self._allotted: dict[Quantity, float] = {name: self.ceilings.get(name, 0.0) for name in LEDGER}
        if parent is not None:
            parent.hold(self._allotted)

    def left(self, quantity: Quantity) -> float:
        """What may still be reserved of a quantity with a ceiling. Below 0 after an overrun."""
        return self.ceilings[quantity] - self.spent[quantity] - self.held[quantity]

    def short(self, amounts: Amounts) -> Quantity | None:
        """The first quantity whose ceiling cannot pay; None: all can."""
        return next((name for name in self.ceilings if amounts.get(name, 0.0) > self.left(name)), None)

    def hold(self, amounts: Amounts) -> None:
        """Reserve."""
        for name, amount in amounts.items():
            self.held[name] += amount
        if self.closed and self._parent is not None:
            self._parent.hold(amounts)
        else:
            self._grow()

    def release(self, amounts: Amounts, actual: Amounts) -> None:
        """What was held is over; `actual` was spent instead. Whoever is closed passes it on to its parent."""
        for name, amount in amounts.items():
            self.held[name] -= amount
        for name, amount in actual.items():
            self.spent[name] += amount
        if self.closed and self._parent is not None:
            self._parent.release(amounts, actual)
        else:
            self._grow()

    def close(self) -> None:
        """What was spent stays with the parent, and what calls under way hold; the rest returns. Twice is once."""
        if not self.closed and self._parent is not None:
            self._parent.hold(self.held)
            self._parent.release(self._allotted, self.spent)
        self.closed = True

    def _grow(self) -> None:
        """What runs over the allotment is the parent's at once, not at the end."""
        if self._parent is None:
            return
        over = {name: self.spent[name] + self.held[name] - self._allotted[name] for name in LEDGER}
        excess = {name: amount for name, amount in over.items() if amount > 0}
        if excess:
            for name, amount in excess.items():
                self._allotted[name] += amount
            self._parent.hold(excess)
