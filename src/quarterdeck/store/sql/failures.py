"""One word for whatever the operational state answers instead of an answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError

from quarterdeck.errors import StoreFailed


@contextmanager
def failures_named() -> Iterator[None]:
    """Raises StoreFailed for an engine's failure. A key that is there already is the caller's business."""
    try:
        yield
    except IntegrityError:
        raise
    except DBAPIError as error:
        msg = f"the operational state did not answer: {error.orig}"
        raise StoreFailed(msg) from error
