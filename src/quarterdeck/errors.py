"""The error family: every failure that a user can meet, with a stable code.

Each leaf carries `code` (stable, documented), `http_status`, `exit_code`, `retryable` and `showable`
(whether its message may be sent to a client). Assertions are for our own mistakes, never for input.
A test walks `all_errors()` and compares it with docs/reference/errors.md.
"""

from __future__ import annotations

from typing import ClassVar


class QuarterdeckError(Exception):
    """Root of the family. `message` says what and why; `mend` says what to do."""

    code: ClassVar[str] = "internal"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 70
    retryable: ClassVar[bool] = False
    showable: ClassVar[bool] = False

    def __init__(self, message: str, *, mend: str | None = None, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"{self.message} ({self.mend})" if self.mend else self.message


class InternalError(QuarterdeckError):
    """Our own fault: an invariant did not hold."""

    code = "internal"


class BadInput(QuarterdeckError):
    """The input cannot be understood; the message names where and what was expected."""

    code = "bad_input"
    http_status = 400
    exit_code = 3
    showable = True


class BadFile(BadInput):
    """A file cannot be read as what it should be. Names the file and, where known, the line."""

    code = "bad_file"

    def __init__(self, path: str, what: str, *, line: int | None = None, mend: str | None = None) -> None:
        where = f"{path}:{line}" if line is not None else path
        super().__init__(f"{where}: {what}", mend=mend)


class BadSetting(BadInput):
    """A setting has a value that it cannot have."""

    code = "bad_setting"


class TooLarge(BadInput):
    """A payload is over its stated limit."""

    code = "too_large"
    http_status = 413


class UnsupportedMedia(BadInput):
    """Content type or encoding that this door does not speak."""

    code = "unsupported_media_type"
    http_status = 415


class AlreadyDecided(BadInput):
    """An approval has its answer already, or nobody gave one in time; answers stay as they are."""

    code = "already_decided"
    http_status = 409


class WrongMethod(BadInput):
    """This address exists but does not answer that HTTP method."""

    code = "method_not_allowed"
    http_status = 405


class InvestigationRequired(BadInput):
    """What was dismissed before is dismissed again; first somebody has to look."""

    code = "investigation_required"
    http_status = 409


class DowngradeRefused(BadInput):
    """A milder grade without a bound on the rate and somebody who approves."""

    code = "downgrade_refused"
    http_status = 409


class IncidentIncomplete(BadInput):
    """An incident cannot be closed yet; the message names all that is missing."""

    code = "incident_incomplete"
    http_status = 409


class NotFound(QuarterdeckError):
    """No such thing in this project."""

    code = "not_found"
    http_status = 404
    exit_code = 3
    showable = True


class Unauthenticated(QuarterdeckError):
    """No key, or one that is not known."""

    code = "unauthenticated"
    http_status = 401
    exit_code = 3
    showable = True


class Forbidden(QuarterdeckError):
    """A known key that may not do this."""

    code = "forbidden"
    http_status = 403
    exit_code = 3
    showable = True


class UnknownHost(Forbidden):
    """The request names a host (or a page of another origin) that this loopback server does not answer for."""

    code = "unknown_host"


class UnsafeBind(BadInput):
    """A start on another address than loopback without any key."""

    code = "unsafe_bind"


class PortTaken(BadInput):
    """The port is in use."""

    code = "port_taken"


class DataDirInUse(BadInput):
    """Another process holds the data folder."""

    code = "data_dir_in_use"


class DataFormatTooNew(BadInput):
    """The data folder was written by a newer version."""

    code = "data_format_too_new"


class Overloaded(QuarterdeckError):
    """A named buffer is full; the client should come again after `retry_after_s`."""

    code = "overloaded"
    http_status = 503
    retryable = True
    showable = True


class RateLimited(QuarterdeckError):
    """This client sends more than it may; come again after `retry_after_s`."""

    code = "rate_limited"
    http_status = 429
    retryable = True
    showable = True


class AdmissionRefused(RateLimited):
    """Admission said no before a call was made: `reason` is stable, `starts_in_s` is when it probably could start."""

    code = "admission_refused"

    def __init__(
        self,
        message: str,
        *,
        mend: str | None = None,
        retry_after_s: float | None = None,
        reason: str = "refused",
    ) -> None:
        super().__init__(message, mend=mend, retry_after_s=retry_after_s)
        self.reason = reason

    @property
    def starts_in_s(self) -> float | None:
        """Seconds; None when that cannot be said."""
        return self.retry_after_s


class ContextOverflow(BadInput):
    """What must stay in the context window is larger than the window. `consumers`: (id, kind, tokens), the largest first."""

    code = "context_overflow"

    def __init__(self, limit: int, consumers: tuple[tuple[str, str, int], ...]) -> None:
        self.limit = limit
        self.consumers = tuple(sorted(consumers, key=lambda one: -one[2]))
        self.tokens = sum(one[2] for one in consumers)
        largest = ", ".join(f"{name} ({kind}) {tokens:,}" for name, kind, tokens in self.consumers[:5])
        more = f" and {len(self.consumers) - 5} more" if len(self.consumers) > 5 else ""
        super().__init__(
            f"{self.tokens:,} tokens must stay in the window and {limit:,} fit: {largest}{more}",
            mend="take a pin away, lower a floor, or give a larger window",
        )


class TaskStopped(QuarterdeckError):
    """A task's ceiling cannot pay for its next call, so the call was not made."""

    code = "task_stopped"
    http_status = 429
    exit_code = 1
    showable = True


class Unreachable(QuarterdeckError):
    """A server that we were told to talk to does not answer."""

    code = "unreachable"
    http_status = 502
    exit_code = 3
    retryable = True
    showable = True


class StoreFailed(QuarterdeckError):
    """The storage engine refused or failed; nothing of the batch was acknowledged."""

    code = "store_failed"
    http_status = 503
    retryable = True


def all_errors() -> list[type[QuarterdeckError]]:
    """Every member of the family, root first, in definition order."""
    found: list[type[QuarterdeckError]] = [QuarterdeckError]
    for parent in found:
        found.extend(child for child in parent.__subclasses__() if child not in found)
    return found
