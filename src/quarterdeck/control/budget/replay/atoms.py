"""Messages that stay or go together: a model's calls and the results that answer them."""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.control.budget.replay.said import Prompt, Said, shown_in_full


def atoms_of(so_far: Sequence[Said]) -> list[list[Said]]:
    """In order; every message is in one atom. A result follows its call, so it joins the atom that is being built."""
    atoms: list[list[Said]] = []
    for said in so_far:
        if said.answers is not None and atoms:
            atoms[-1].append(said)
        else:
            atoms.append([said])
    return atoms


def size_of(said: Sequence[Said]) -> int:
    return sum(one.tokens for one in said)


def heads_and_rest(so_far: Sequence[Said]) -> tuple[list[Said], list[Said]]:
    """The instructions at the beginning, and all that follows."""
    at = next((at for at, said in enumerate(so_far) if said.role != "system"), len(so_far))
    return list(so_far[:at]), list(so_far[at:])


def newest_atoms(rest: Sequence[Said], room: int) -> list[Said]:
    """As many whole atoms from the end as fit into `room` tokens."""
    kept: list[list[Said]] = []
    for atom in reversed(atoms_of(rest)):
        room -= size_of(atom)
        if room < 0:
            break
        kept.append(atom)
    return [said for atom in reversed(kept) for said in atom]


def in_full(said: Sequence[Said]) -> Prompt:
    return [shown_in_full(one) for one in said]
