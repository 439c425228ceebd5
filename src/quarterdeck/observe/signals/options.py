"""What the patrol may cost in false alarms, and what it looks at."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from quarterdeck.store.interface import COHORT_KEYS


class SignalsOptions(BaseModel):
    """The budget of false alarms, and the streams that share it."""

    model_config = ConfigDict(frozen=True)

    alarms_per_month: float = Field(
        1.0,
        gt=0,
        description="False alarms that the whole fleet may raise in a month; everything below is a part of it.",
        json_schema_extra={"unit": "alarms"},
    )
    share_deploys: float = Field(
        0.4, gt=0, lt=1, description="Part of the budget for tests that start at a new version."
    )
    share_pooled: float = Field(
        0.3, gt=0, lt=1, description="Part of the budget for the whole fleet, one stream a signal."
    )
    share_cohorts: float = Field(0.3, gt=0, lt=1, description="Part of the budget for cohorts, shared by all of them.")
    tolerance: float = Field(
        0.1,
        ge=0,
        description="The smallest relative worsening worth waking someone; smaller ones are not looked for.",
        json_schema_extra={"unit": "share"},
    )
    cohort_by: tuple[str, ...] = Field(
        ("agent", "environment"), description="What makes a cohort: names of parts of the version identity and context."
    )
    cohorts_max: int = Field(
        200, gt=0, description="Cohorts that are watched on their own; later ones only in the whole."
    )
    deploys_per_month: float = Field(
        20.0, gt=0, description="New versions expected in a month; each may use its part of the deploys' budget.",
        json_schema_extra={"unit": "deploys"},
    )  # fmt: skip
    deploy_runs_min: int = Field(3, gt=0, description="Runs of a new version before it counts as a deploy.")
    deploy_runs_max: int = Field(5_000, gt=0, description="Runs of a new version after which its test ends.")
    deploys_open_max: int = Field(
        100, gt=0, description="Deploys that are tested at the same time; the oldest ends first."
    )
    warmup_runs: int = Field(
        30, gt=0, description="Runs from which a stream learns what is normal before it may raise an alarm."
    )

    wait_s_max: float = Field(
        900.0,
        ge=0,
        description="A run waits as long as the longest usual run takes, so that runs are judged in the order of their start; at most so long.",
        json_schema_extra={"unit": "seconds"},
    )
    history_runs: int = Field(
        2_000,
        gt=0,
        description="Newest runs of each cohort that are kept, in short, to compare a new version with.",
        json_schema_extra={"unit": "runs"},
    )
    block_runs: int = Field(
        10,
        gt=0,
        description="Most runs of one session (else user) that count as one observation, where such runs are alike.",
        json_schema_extra={"unit": "runs"},
    )
    block_silence_s: float = Field(
        900.0,
        gt=0,
        description="A session without a run for so long is taken as it is; what it says is then counted.",
        json_schema_extra={"unit": "seconds"},
    )
    scores_max: int = Field(
        8, ge=0, description="Names of posted scores that are watched as signals of their own; later names are not."
    )
    score_weight: float = Field(
        2.0,
        gt=0,
        description="Part of the budget of each posted score, in relation to the signals' own weights (failing runs: 4).",
    )

    @model_validator(mode="after")
    def _whole(self) -> SignalsOptions:
        total = self.share_deploys + self.share_pooled + self.share_cohorts
        if abs(total - 1) > 1e-9:
            msg = f"share_deploys, share_pooled and share_cohorts must sum to 1, got {total:g}"
            raise ValueError(msg)
        unknown = set(self.cohort_by) - set(COHORT_KEYS)
        if unknown or not self.cohort_by:
            msg = f"cohort_by takes names of {', '.join(COHORT_KEYS)}, got {', '.join(sorted(unknown)) or 'none'}"
            raise ValueError(msg)
        return self
