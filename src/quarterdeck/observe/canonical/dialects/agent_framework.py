"""Microsoft Agent Framework: current OpenTelemetry names under its own scope.

Recorded agent spans carry numbers that are not the run's (44 and 180 tokens above calls of 293 and 106). They are read
as `cumulative_lifetime`, the scope that counts only where no call below says better.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect, UsageRule

DIALECT = Dialect(
    name="agent_framework",
    scopes=("agent_framework",),
    usage_rules=(UsageRule(scope="cumulative_lifetime", kinds=("agent",)),),
)
