"""Admission for a process: `async with admission.admit(...) as grant`, or `with` in a thread.

Joins the accounts by model pattern, a clock, and one thread that wakes those whose time has come. Everything that is
decided is decided in `gate`. Refuses: starting anything before somebody has to wait.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from quarterdeck.clock import Clock, SystemClock
from quarterdeck.control.admit.account import SharedAccount
from quarterdeck.control.admit.alarm import Alarm
from quarterdeck.control.admit.ask import Ask
from quarterdeck.control.admit.charge import Limits
from quarterdeck.control.admit.engine import Engine
from quarterdeck.control.admit.gate import Gate
from quarterdeck.control.admit.leased import Fail, LeasedLedger
from quarterdeck.control.admit.meter import Meter
from quarterdeck.control.admit.meters import find_meter
from quarterdeck.control.admit.pending import Candidate, Pending
from quarterdeck.control.admit.policy import Policy
from quarterdeck.control.admit.size import Prompt, characters_of
from quarterdeck.control.admit.status import AccountStatus
from quarterdeck.errors import BadInput
from quarterdeck.model.amounts import SharedAmounts

_TASKS_MAX = 100_000
_FALLBACKS_SAVED_MAX = 20.0
_MODELS_MAX = 10_000
_ACCOUNT_KEYS = ("meter", "limits", "shares", "policy")


class Admission:
    """One token ledger per provider account in front of every call.

    Either one account for all models (`meter`, `limits`, `shares`), or `accounts`: by model pattern (`"claude-*"`; first
    match wins) a mapping with `meter`, `limits`, `shares`, `policy`. `limits`: `requests`, `input`, `output`, `total` per
    minute, `concurrency` at once, `cost_usd` per UTC day. `shares`: limits by `tenant:NAME`, `task:NAME`, `node:NAME`, `*` for
    every name. `policy`: `Policy` or a mapping of its fields. Without limits they are taken from the provider's headers,
    else measured.

    `shared`: processes with the same one keep one ledger together (`qd.shared_amounts`); `shared_fail`: when it cannot be
    reached calls wait (`closed`), or go on within this process's part of every limit (`open`).
    `pump_thread=False`: nothing happens by itself; call `pump()` (for tests with a clock that stands still).
    Raises BadInput for an unknown meter, limit or policy.
    """

    def __init__(
        self,
        accounts: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        meter: str | Meter = "generic",
        limits: Limits | Mapping[str, float] | None = None,
        shares: Mapping[str, Limits | Mapping[str, float]] | None = None,
        policy: Policy | Mapping[str, Any] | None = None,
        shared: Callable[[str], SharedAmounts] | None = None,
        shared_fail: Fail = "closed",
        clock: Clock | None = None,
        pump_thread: bool = True,
    ) -> None:
        self._clock = clock or SystemClock()
        # Wall time at the start, then a clock that never goes back: buckets must not refill when somebody sets the time.
        self._epoch_s = self._clock.now_ns() / 1e9 - self._clock.monotonic_s()
        self._alarm = Alarm(self.now, self.pump) if pump_thread else None
        self._policy = Policy.read(policy)
        self._shared, self._shared_fail = shared, shared_fail
        if shared_fail not in ("open", "closed"):
            raise BadInput(f"shared_fail must be open or closed, got {shared_fail!r}")
        given = accounts if accounts is not None else {"*": {"meter": meter, "limits": limits, "shares": shares}}
        if not given:
            raise BadInput("no accounts; expected at least one, as {'*': {'meter': …, 'limits': {…}}}")
        self._accounts = {pattern: self._account(pattern, account) for pattern, account in given.items()}
        self._by_model: dict[str, SharedAccount] = {}
        self._tasks: OrderedDict[str, tuple[str | None, str]] = OrderedDict()
        self._fallbacks_saved = 1.0
        if shared is not None:  # it is heard from though nobody waits: who is silent is taken for lost
            self._set_alarm(self.now())

    def _account(self, pattern: str, given: Mapping[str, Any]) -> SharedAccount:
        unknown = sorted(set(given) - set(_ACCOUNT_KEYS))
        if unknown:
            raise BadInput(f"account {pattern!r}: unknown {', '.join(unknown)}; expected {', '.join(_ACCOUNT_KEYS)}")
        shares = {scope: Limits.read(limits) for scope, limits in (given.get("shares") or {}).items()}
        for scope in shares:
            if scope.partition(":")[0] not in ("tenant", "task", "node") or not scope.partition(":")[2]:
                raise BadInput(f"share {scope!r} must be tenant:NAME, task:NAME or node:NAME, with * for every name")
        meter, limits = find_meter(given.get("meter", "generic")), Limits.read(given.get("limits"))
        policy = Policy.read(given["policy"]) if given.get("policy") is not None else self._policy
        engine = self._engine(pattern, meter, limits, shares, policy)
        gate = Gate(meter, limits, self.now(), policy=policy, shares=shares, engine=engine)
        return SharedAccount(pattern, gate, self.now, self._set_alarm)

    def _engine(
        self, pattern: str, meter: Meter, limits: Limits, shares: Mapping[str, Limits], policy: Policy
    ) -> Engine | None:
        if self._shared is None:
            return None
        now = self.now()
        return LeasedLedger(
            self._shared(pattern),
            limits,
            now,
            burst_s=meter.burst_s,
            streamed=meter.streamed,
            shares=shares,
            lease_s=policy.lease_s,
            fail=self._shared_fail,
        )

    def now(self) -> float:
        """Seconds since the epoch, on a clock that never goes back."""
        return self._epoch_s + self._clock.monotonic_s()

    def _set_alarm(self, at: float) -> None:
        if self._alarm is not None:
            self._alarm.set(at)

    # ------------------------------------------------------------ asking

    def admit(
        self,
        *,
        model: str,
        messages: Any = None,
        tokens_input: float | None = None,
        tokens_cached: float = 0.0,
        max_tokens: float | None = None,
        lane: str | None = None,
        tenant: str = "",
        task: str | None = None,
        node: str | None = None,
        agent: str | None = None,
        step: str | None = None,
        deadline_s: float | None = None,
        attempt: int = 1,
        continues: bool = False,
        fallback: Sequence[str] = (),
    ) -> Pending:
        """Ask for leave to make one call; use the answer with `async with`, `with`, `await`, or `.wait()`.

        Give `messages` (their tokens are estimated) or `tokens_input`. `deadline_s`: seconds from now by which the whole
        answer must be there; a call that cannot make it is refused at once. `fallback`: models to try in order where this one
        refuses. A task's first lane is that of all its calls. `agent` and `step` (its template and the kind of step, as "triage" and
        "plan"): how long answers of this kind are is learned apart, so less is held and cut for each.
        `continues`: the rest of an answer that was cut at our cap. Raises BadInput for a wrong argument, at once; and when it
        is entered AdmissionRefused with `reason` and `starts_in_s`.
        """
        lane, tenant = self._of_task(task, lane, tenant)
        deadline_at = None if deadline_s is None else self.now() + _positive("deadline_s", deadline_s)
        size = (0, 0) if tokens_input is not None else characters_of(messages)
        if tokens_input is None and messages is None:
            raise BadInput("admit needs messages or tokens_input, to know how large the prompt is")
        candidates = []
        for at, name in enumerate((model, *fallback)):
            account = self._find(name)
            prompt = None if tokens_input is not None else Prompt(name, agent or "", *size)
            tokens = _tokens(account, prompt, tokens_input)
            ask = Ask(
                name,
                tokens,
                None if max_tokens is None else _positive("max_tokens", max_tokens),
                min(tokens_cached, tokens),
                account.gate.policy.lane(lane),
                tenant,
                task,
                node,
                deadline_at,
                attempt > 1,
                at < len(fallback),
                continues,
                _kind(agent, step),
            )
            candidates.append(Candidate(account, ask, prompt))
        return Pending(candidates, attempt, self._may_fall_back)

    def _of_task(self, task: str | None, lane: str | None, tenant: str) -> tuple[str | None, str]:
        if task is None:
            return lane, tenant
        known = self._tasks.get(task)
        if known is None:
            self._tasks[task] = known = (lane, tenant)
            if len(self._tasks) > _TASKS_MAX:
                self._tasks.popitem(last=False)
        return known[0], tenant or known[1]

    def task(self, task: str, *, lane: str | None = None, tenant: str = "") -> None:
        """Admit a task: its calls inherit this lane and tenant, whoever makes them."""
        self._policy.lane(lane)
        self._tasks[task] = (lane, tenant)
        self._tasks.move_to_end(task)

    def task_done(self, task: str) -> None:
        """Forget a task."""
        self._tasks.pop(task, None)

    def _find(self, model: str) -> SharedAccount:
        found = self._by_model.get(model)
        if found is None:
            found = next((a for pattern, a in self._accounts.items() if fnmatchcase(model, pattern)), None)
            if found is None:
                raise BadInput(f"no account for model {model!r}; there are {', '.join(self._accounts)}")
            if len(self._by_model) < _MODELS_MAX:
                self._by_model[model] = found
        return found

    def _may_fall_back(self, *, first: bool) -> bool:
        """Fallbacks have a budget of their own: each first choice earns a share of one."""
        if first:
            self._fallbacks_saved = min(self._fallbacks_saved + self._policy.fallback_share, _FALLBACKS_SAVED_MAX)
            return True
        if self._fallbacks_saved < 1.0:
            return False
        self._fallbacks_saved -= 1.0
        return True

    # ------------------------------------------------------------ looking

    def status(self) -> list[AccountStatus]:
        """Every account: dimensions, lanes, what was turned away, retries, breakers."""
        return [account.status() for account in self._accounts.values()]

    def remaining(self) -> dict[str, dict[str, float]]:
        """What is left of each known limit, by account and dimension."""
        return {account.name: account.remaining() for account in self._accounts.values()}

    def pump(self) -> None:
        """Let start whoever can now. Only needed with `pump_thread=False`."""
        for account in self._accounts.values():
            account.pump()

    def close(self) -> None:
        """End the thread. Reservations that are out may still be settled."""
        if self._alarm is not None:
            self._alarm.close()


def _tokens(account: SharedAccount, prompt: Prompt | None, given: float | None) -> float:
    if prompt is not None:
        return account.prompts.tokens(prompt)
    return _positive("tokens_input", given, zero=True)


def _kind(agent: str | None, step: str | None) -> str:
    return f"{agent or ''}/{step or ''}" if agent or step else ""


def _positive(name: str, value: Any, *, zero: bool = False) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not (value > 0 or (zero and value == 0)):
        raise BadInput(f"{name} must be a number above 0, got {value!r}")
    return float(value)
