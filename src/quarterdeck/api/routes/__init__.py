"""One file per noun; each has a `router`. `all_routers` is what the application hangs in, in this order."""

from __future__ import annotations

from fastapi import APIRouter

from quarterdeck.api.routes import (
    alerts,
    approvals,
    billing,
    cardinality,
    cohorts,
    contrast,
    doctor,
    drills,
    estimates,
    fleet,
    health,
    incident_acts,
    incidents,
    limits,
    notifiers,
    objectives,
    outcomes,
    outline,
    postmortem,
    privacy,
    probes,
    rejections,
    rules,
    run_context,
    run_facets,
    runs,
    sampling,
    sessions,
    signals,
    spans,
    unmapped,
    upkeep,
)


def all_routers() -> list[APIRouter]:
    """Spans before runs: a run id may hold a slash, so the longer patterns must be tried first."""
    nouns = (
        spans,
        outline,
        run_context,
        runs,
        run_facets,
        sessions,
        fleet,
        cohorts,
        contrast,
        signals,
        rules,
        alerts,
        incidents,
        incident_acts,
        drills,
        postmortem,
        probes,
        notifiers,
        approvals,
        estimates,
        objectives,
        limits,
        health,
        unmapped,
        rejections,
        doctor,
        billing,
        outcomes,
        sampling,
        cardinality,
        privacy,
        upkeep,
    )
    return [noun.router for noun in nouns]
