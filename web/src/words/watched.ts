/** Signals, evidence and the promise in words. Pure. Refuses a number without its n. */

import type { Concentration, Found, Keys, Measured, MixShift, Promised, SignalKind, Stream } from "../api/watched";
import { capital, count, dollars, percent, plural, short, UNKNOWN } from "./numbers";
import { duration } from "./time";

/** A stream or a finding; a finding's kind is that of its alert and says nothing about the quantity. */
type Quantity = Pick<Stream, "unit"> & { kind?: SignalKind | Found["kind"] };

/** An amount is per run and has a unit of its own; everything else is a share. */
export function isAmount(of: Quantity): boolean {
  if (of.kind === "amount" || of.kind === "rate") return of.kind === "amount";
  return of.unit.endsWith("/run");
}

export function valueText(value: number | null | undefined, of: Quantity): string {
  if (value === null || value === undefined) return UNKNOWN;
  if (!isAmount(of)) return percent(value);
  if (of.unit.startsWith("$")) return dollars(value);
  if (of.unit.startsWith("seconds")) return duration(value);
  return short(value);
}

/** "31 % (25 % to 38 %, 212 runs)", or why there is no number. */
export function measuredWords(measured: Measured, of: Quantity): string {
  if (measured.value === null) return insufficientWords(measured);
  const between =
    measured.low === null || measured.high === null
      ? ""
      : `${valueText(measured.low, of)} to ${valueText(measured.high, of)}, `;
  return `${valueText(measured.value, of)} (${between}${plural(measured.n, "run")})`;
}

export function insufficientWords(measured: Measured): string {
  const more = measured.n_needed === null ? null : measured.n_needed - measured.n;
  if (more !== null && more > 0) return `${plural(measured.n, "run")}, ${count(more)} more needed`;
  return measured.reason ?? `${plural(measured.n, "run")}, too few to judge`;
}

/** "12 % → 31 %"; without a before only now. */
export function movedText(of: Quantity & Pick<Stream, "now" | "before">): string {
  if (of.now.value === null) return insufficientWords(of.now);
  const now = valueText(of.now.value, of);
  return of.before.value === null ? now : `${valueText(of.before.value, of)} → ${now}`;
}

/** Evidence below a thousand as it is, above in short: it spans ten powers of ten. */
export function evidenceText(evidence: number | null): string {
  if (evidence === null) return UNKNOWN;
  if (evidence >= 1e12) return ">10¹²";
  if (evidence >= 1e6) return `10^${Math.floor(Math.log10(evidence))}`.replace(/\^(\d+)/, (_all, n) => superscript(n));
  if (evidence >= 100) return count(Number(evidence.toPrecision(2)));
  return Number(evidence.toPrecision(2)).toString();
}

/** A power of ten on an axis: 1, 10, 100, 1,000, 10⁴, … */
export function powerText(value: number): string {
  return value < 1e4 ? evidenceText(value) : `10${superscript(String(Math.round(Math.log10(value))))}`;
}

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function superscript(digits: string): string {
  return [...digits].map((digit) => RAISED[Number(digit)]).join("");
}

export function evidenceWords(of: Pick<Stream, "evidence" | "threshold">): string {
  if (of.threshold === null) return `evidence ${evidenceText(of.evidence)}, no threshold yet`;
  const side = of.evidence >= of.threshold ? "over" : "of";
  return `evidence ${evidenceText(of.evidence)} ${side} a threshold of ${evidenceText(of.threshold)}`;
}

/** Where on a logarithmic scale from 1 to a hundred times the threshold evidence stands, 0 to 1; the threshold has one place for all. */
export const THRESHOLD_AT = 0.72;

export function evidenceShare(evidence: number, threshold: number | null): number {
  if (threshold === null || !(evidence > 1) || !(threshold > 1)) return 0;
  return Math.min(1, (Math.log(evidence) / Math.log(threshold)) * THRESHOLD_AT);
}

const PART_WORDS: Record<string, (value: string) => string> = {
  agent: (value) => value,
  environment: (value) => `in ${value}`,
  prompt_version: (value) => `with prompt ${value}`,
  agent_version: (value) => `of version ${value}`,
  model: (value) => `on ${value}`,
  toolset_hash: (value) => `with tools ${value.slice(0, 10)}`,
  config_hash: (value) => `with configuration ${value.slice(0, 10)}`,
  tool: (value) => `calling ${value}`,
};

function partWords(name: string, value: string | null): string {
  const title = name.replaceAll("_", " ");
  if (value === null || value === "") return `${title} not known`;
  return PART_WORDS[name]?.(value) ?? `${title} ${value}`;
}

/** "support-agent in prod with prompt v7"; nothing named is the whole fleet. */
export function whereWords(where: Keys): string {
  const names = Object.keys(where).sort((a, b) => Number(b === "agent") - Number(a === "agent"));
  return names.length === 0 ? "the whole fleet" : names.map((name) => partWords(name, where[name] ?? null)).join(" ");
}

export function streamWhere(of: Pick<Stream, "cohort" | "deploy">): Keys {
  return of.deploy ? { ...of.cohort, [of.deploy.part]: of.deploy.new } : of.cohort;
}

export const LANE_WORDS: Record<Stream["lane"], string> = {
  pooled: "whole fleet",
  cohort: "cohort",
  deploy: "new version",
  live: "live runs",
  burn: "budget",
};

export const STATE_WORDS: Record<Stream["state"], string> = {
  learning: "learning what is normal",
  quiet: "quiet",
  rising: "rising",
  reached: "reached",
};

/** The old version of a deploy is its control; everything else is held against its own past. */
export function beforeWord(of: { deploy: Stream["deploy"] }): string {
  if (!of.deploy) return "before";
  return of.deploy.old === null ? "without it" : `with ${of.deploy.old}`;
}

/** "Failing runs of support-agent with prompt v7: 31 % (…) against 12 % (…) with v6; evidence 31,000 over a threshold of 12,000." */
export function streamSentence(of: Stream): string {
  const where = whereWords(streamWhere(of));
  const before = of.before.value === null ? "" : ` against ${measuredWords(of.before, of)} ${beforeWord(of)}`;
  return `${capital(of.title)} of ${where}: ${measuredWords(of.now, of)}${before}; ${evidenceWords(of)}.`;
}

/** What the state means and what comes next. */
export function stateSentence(of: Stream): string {
  if (of.state === "learning") return `It still learns what is normal, from ${plural(of.runs, "run")} so far.`;
  if (of.state === "rising") return "Evidence rises: shown here, not sent to anybody.";
  if (of.state === "reached") return "The threshold was reached: an alert was raised.";
  return "Nothing of a size that it looks for has been seen.";
}

/** How many runs it takes, and what stays unseen. Null when neither can be said. */
export function sightWords(of: Stream): string | null {
  const parts: string[] = [];
  if (of.runs_needed !== null && of.runs_needed > 0 && of.state !== "reached")
    parts.push(`a change of the size looked for would take ${plural(of.runs_needed, "run")} to reach the threshold`);
  if (of.sees !== null)
    parts.push(`as many runs again would show ${valueText(of.sees, of)} or worse; anything smaller stays unseen`);
  return parts.length === 0 ? null : `${capital(parts.join("; "))}.`;
}

/** "Expected false pages so far this month: 0.4 of 1 promised." */
export function promiseWords(promise: Promised): string {
  const so = promise.expected_so_far;
  const text = so < 0.005 ? "less than 0.01" : so.toFixed(so < 0.1 ? 2 : 1);
  return `Expected false pages so far this month: ${text} of ${Number(promise.alarms_per_month.toPrecision(2))} promised.`;
}

/** Conditions of the promise that do not hold, or are not known yet. */
export function conditionsWords(promise: Promised): string {
  const broken = promise.conditions.filter((one) => one.holds === false).length;
  const unknown = promise.conditions.filter((one) => one.holds === null).length;
  const all = promise.conditions.length;
  if (all === 0) return "no conditions";
  if (broken > 0) return `${broken} of ${plural(all, "condition")} ${broken === 1 ? "does" : "do"} not hold`;
  if (unknown > 0) return `${unknown} of ${plural(all, "condition")} not known yet`;
  return `all ${plural(all, "condition")} hold`;
}

/** What live runs do and what a budget lost are facts: no probability is meant. */
export function isFact(found: Pick<Found, "lane">): boolean {
  return found.lane === "live" || found.lane === "burn";
}

export function sureWords(found: Found): string {
  return isFact(found) ? "a fact" : evidenceWords(found);
}

const MIX_NAMED = 3;

/** "The mix moved, which is no regression: 52 % of runs are support-agent in prod, 30 % before." Null while it did not. */
export function mixWords(mix: readonly MixShift[]): string | null {
  const rate = { unit: "share of runs" };
  const told = mix
    .slice(0, MIX_NAMED)
    .map(
      (one) =>
        `${valueText(one.now.value, rate)} of runs are ${whereWords(one.where)}, ${valueText(one.before.value, rate)} before`,
    );
  return told.length === 0 ? null : `The mix moved, which is no regression: ${told.join("; ")}.`;
}

/** "80 % by 3 of 14 cohorts" */
export function concentrationWords(of: Concentration): string {
  return `80 % by ${count(of.cohorts)} of ${plural(of.of, "cohort")}`;
}
