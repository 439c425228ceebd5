"""Recorded histories as OTLP: one file per recorded shape, each turns a path into `Piece`s.

Refuses to understand spans beyond what a shape itself says; understanding them is the business of the server.
"""

from quarterdeck.simulate.histories.find import find_histories, read_histories
from quarterdeck.simulate.histories.shape import History, Piece, SpanFacts, TokenFacts
from quarterdeck.simulate.histories.tally import ReplaySummary, Tally

__all__ = [
    "History",
    "Piece",
    "ReplaySummary",
    "SpanFacts",
    "Tally",
    "TokenFacts",
    "find_histories",
    "read_histories",
]
