/** Incidents in words: severity, exposure, clocks, and the words of the facts. Pure. */

import type { Clock, Exposure, Facts, Incident, RootCause } from "../api/incidents";
import { count, percent, plural, rateWords, short } from "./numbers";
import { duration } from "./time";

export const SEVERITY_WORDS = ["sev-0, the worst", "sev-1", "sev-2", "sev-3", "sev-4, the mildest"] as const;

export function severityWords(severity: number | null): string {
  return severity === null ? "not graded yet" : (SEVERITY_WORDS[severity] ?? `sev-${severity}`);
}

export const TRIAGE_STEPS = ["retrieval", "generation", "routing", "upstream"] as const;

export const FIELD_NAMES = [
  "prompt_revision",
  "model_route",
  "judge_configuration",
  "retrieval_index_state",
  "tool_schema_versions",
  "traffic_mix",
] as const;

export const FINDING_WORDS = { cause: "a cause", ruled_out: "ruled out", unknown: "not known" } as const;

type Words = readonly (readonly [string, string])[];

function plain(...names: string[]): Words {
  return names.map((name) => [name, name.replaceAll("_", " ")] as const);
}

/** The words that each fact takes, as the rubric knows them. */
export const FACT_WORDS = {
  type: plain(
    "quality",
    "misinformation",
    "safety",
    "medical",
    "legal",
    "financial",
    "privacy",
    "security",
    "data_loss",
    "discrimination",
  ),
  magnitude: plain("none", "minor", "moderate", "serious", "catastrophic"),
  reversible: plain("yes", "partly", "no"),
  actual: [
    ["true", "happened"],
    ["false", "could have happened"],
  ] as Words,
  autonomy: [
    ["suggested", "suggested"],
    ["advised", "advised"],
    ["acted", "acted by itself"],
  ] as Words,
  caught_by: [
    ["nobody", "nobody yet"],
    ["validation", "validation, before any effect"],
    ["human_before_effect", "a person, before the effect"],
    ["human_after_effect", "a person, after the effect"],
    ["outsider", "somebody outside"],
  ] as Words,
  domain: plain("general", "legal", "medical", "financial", "employment", "government", "children", "safety_critical"),
  confidence: plain("low", "medium", "high"),
} as const;

/** Where a form begins for an incident without a grade: what is known of it, the rest as careful as it is unknown. */
export function firstFacts(incident: Incident): Facts {
  if (incident.facts) return incident.facts;
  const exposure = incident.exposure;
  const failing = exposure?.failing;
  return {
    id: incident.incident_id,
    title: incident.title,
    harms: [{ type: "quality", actual: true, reversible: "yes", magnitude: "minor" }],
    rate: failing ? { events: Math.round(failing.value * failing.n), trials: failing.n } : null,
    traffic_per_day: exposure?.per_day ?? null,
    affected_users: exposure && exposure.users > 0 ? exposure.users : null,
    autonomy: "advised",
    caught_by: "nobody",
    undetected_hours: null,
    domain: "general",
    ongoing: incident.state === "open",
    confidence: "medium",
  };
}

/** A number that somebody types; empty is unknown, never 0. */
export function numberOf(text: string): number | null {
  const value = Number(text);
  return text.trim() === "" || !Number.isFinite(value) || value < 0 ? null : value;
}

export function exposureWords(of: Exposure | null): string {
  if (of === null) return "Nobody has counted who was exposed.";
  const failing = of.failing ? `${rateWords(of.failing)} failed` : "no outcome of them is known";
  const daily = of.per_day === null ? "" : ` About ${short(of.per_day)} such runs a day.`;
  return `${plural(of.runs, "run")} in ${plural(of.sessions, "session")}; ${failing}.${daily}`;
}

/** "due in 3 d 4 h", "overdue by 2 h", "not started" */
export function clockWords(clock: Clock): string {
  if (clock.stopped_at) return "stopped";
  if (clock.left_hours === null) return `not started; ${hoursWords(clock.hours)} from ${clock.starts}`;
  const seconds = clock.left_hours * 3600;
  return seconds >= 0 ? `${duration(seconds)} left` : `overdue by ${duration(-seconds)}`;
}

function hoursWords(hours: number): string {
  return hours % 24 === 0 && hours >= 48 ? plural(hours / 24, "day") : plural(hours, "hour");
}

export function replayWords(incident: Incident): string | null {
  const plan = incident.replay_plan;
  if (!plan) return null;
  const seen = plan.done === 0 ? "none made yet" : `${count(plan.done)} made, seen in ${count(plan.seen)}`;
  return `A fault of ${percent(plan.rate)} shows itself once in ${plural(plan.n, "replay")} with 95 %: ${seen}.`;
}

export function causeWords(cause: RootCause): string {
  const share = cause.share ? ` It happens in ${rateWords(cause.share)}.` : "";
  const factors = cause.factors.length > 0 ? ` Factors: ${cause.factors.join(", ")}.` : "";
  return `${cause.text.replace(/\.$/, "")}.${share}${factors} Confidence: ${cause.confidence}.`;
}

export function listWords(items: readonly Incident[]): string {
  const open = items.filter((one) => one.state !== "closed");
  if (open.length === 0) return "No incident is open.";
  const graded = open.map((one) => one.severity).filter((one): one is number => one !== null);
  const worst = graded.length === 0 ? "none of them is graded" : `the worst is ${severityWords(Math.min(...graded))}`;
  return `${plural(open.length, "incident")} ${open.length === 1 ? "is" : "are"} open; ${worst}.`;
}

/** Open before closed, the worst first, what is not graded before all: it may be anything. */
export function byHarm(items: readonly Incident[]): Incident[] {
  const rank = (one: Incident) => (one.state === "closed" ? 10 : 0) + (one.severity ?? -1);
  return [...items].sort((a, b) => rank(a) - rank(b) || Date.parse(b.opened_at) - Date.parse(a.opened_at));
}
