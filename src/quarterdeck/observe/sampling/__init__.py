"""Bodies are sampled with known odds, facts never: policy, decider, dry run, report (docs/design/sampling.md).

Decisions are pure and say their reason; `Sampler` is the loop around them. Refuses: to touch a count, a token or a cost.
"""

from quarterdeck.observe.sampling.gauges import SamplingGauges
from quarterdeck.observe.sampling.loop import Sampler
from quarterdeck.observe.sampling.options import KEEP_RULES, SamplingOptions

__all__ = ["KEEP_RULES", "Sampler", "SamplingGauges", "SamplingOptions"]
