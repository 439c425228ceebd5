/** On call in words: classes, paging, what became of earlier ones, probes, mutes. Pure. */

import type { Calibration, Choice, DispositionKind, Mute, Probe, ShareOf } from "../api/oncall";
import type { Alert, AlertClass, Before, Paging } from "../api/watched";
import { count, percent, plural } from "./numbers";
import { ago, duration } from "./time";
import { whereWords } from "./watched";

export const CLASS_WORDS: Record<AlertClass, string> = {
  policy: "policy: always pages",
  infrastructure: "infrastructure: the provider's side",
  capability: "capability: it can no longer do what it did",
  shift: "shift: amounts or scores moved",
  wobble: "wobble: not enough evidence",
};

export const CLASSES = ["policy", "infrastructure", "capability", "shift", "wobble"] as const;

const PAGED: Record<Paging["what"], string> = {
  page: "pages",
  batch: "not paged, in the digest",
  hold: "held",
  list: "listed",
};

/** "pages: a firing capability alert" */
export function pagingWords(paging: Paging | null | undefined): string | null {
  if (!paging) return null;
  return `${PAGED[paging.what] ?? paging.what}${paging.defect ? " (a defect of this alert)" : ""}: ${paging.reason}`;
}

export const KIND_WORDS: Record<DispositionKind, string> = {
  normal_swing: "A normal swing",
  accepted_change: "An accepted change",
  duplicate: "The same as another alert",
  harmless: "Harmless",
  wobble: "A wobble of the model",
  fixed: "Real, and fixed",
};

export function kindWords(kind: string): string {
  return (KIND_WORDS as Record<string, string>)[kind] ?? kind.replaceAll("_", " ");
}

/** "dismissed twice before, refuted once" from the newest three. Null when it was never closed before. */
export function beforeWords(before: readonly Before[] | undefined): string | null {
  if (!before || before.length === 0) return null;
  const refuted = before.filter((one) => one.refuted).length;
  const real = before.filter((one) => one.kind === "fixed").length;
  const parts = [`closed ${times(before.length)} before`];
  if (refuted > 0) parts.push(`refuted ${times(refuted)}`);
  if (real > 0) parts.push(`real ${times(real)}`);
  return parts.join(", ");
}

function times(n: number): string {
  return n === 1 ? "once" : n === 2 ? "twice" : `${count(n)} times`;
}

/** Why it is quiet although it fires. Null when nothing holds it. */
export function quietWords(alert: Alert): string | null {
  if (alert.snoozed_until) return "snoozed until the version changes";
  return alert.muted_by ? "muted" : null;
}

const ASKS: Record<string, string> = {
  other_alert_id: "the id of the other alert",
  probe_id: "a probe with a verdict",
  incident_id: "an incident",
  approver: "an approver",
};

export function asksWords(choice: Pick<Choice, "asks_for">): string {
  const always = new Set(["reason", "by"]);
  return choice.asks_for
    .filter((name) => !always.has(name))
    .map((name) => ASKS[name] ?? name.replaceAll("_", " "))
    .join(", ");
}

/** Where a disposition takes a thing of this name. */
export function asksFor(choice: Choice, name: string): boolean {
  return (
    choice.asks_for.some((one) => one.includes(name)) ||
    (choice.code === "investigation_required" && /probe|incident/.test(name))
  );
}

export function expiryWords(choice: Pick<Choice, "kind" | "expires_days">): string {
  if (choice.expires_days !== null) return `for ${plural(choice.expires_days, "day")}`;
  return (
    { accepted_change: "until the version changes", duplicate: "until it is undone" }[choice.kind as string] ??
    "for good"
  );
}

export const VERDICT_WORDS: Record<"regression" | "wobble" | "undecided", string> = {
  regression: "It is a regression",
  wobble: "It is a wobble",
  undecided: "Undecided",
};

/** "5 of 8 fail with the candidate, 0 of 8 with the baseline" */
export function pairsWords(probe: Probe): string {
  if (probe.pairs === 0) return "No pair has run yet.";
  const of = count(probe.pairs);
  return `${count(probe.candidate_failures)} of ${of} fail with the candidate, ${count(probe.baseline_failures)} of ${of} with the baseline.`;
}

/** "A stable input is called a regression in at most 2 % of probes; a real one is missed in at most 10 %." */
export function errorWords(probe: Probe): string | null {
  const rates = probe.error_rates;
  if (!rates) return null;
  const parts: string[] = [];
  if (rates.false_regression !== null)
    parts.push(`what did not change is called a regression in at most ${percent(rates.false_regression)} of probes`);
  if (rates.missed !== null) parts.push(`a regression of the usual size is missed in at most ${percent(rates.missed)}`);
  return parts.length === 0 ? null : `Promised: ${parts.join("; ")}.`;
}

export function muteWhat(mute: Pick<Mute, "signal" | "where">): string {
  return `${mute.signal ? mute.signal.replaceAll("_", " ") : "every signal"} of ${whereWords(mute.where)}`;
}

/** How long is left; from ten days on in whole days, since nobody counts the hours of those. */
export function leftWords(until: string, nowMs: number): string {
  const seconds = (Date.parse(until) - nowMs) / 1000;
  if (seconds >= 10 * 86400) return `${count(Math.floor(seconds / 86400))} days left`;
  return seconds > 0 ? `${duration(seconds)} left` : `ended ${ago(until, nowMs)}`;
}

export function calibrationWords(of: Calibration): string {
  if (of.decided < of.needed)
    return `Not enough data yet: ${count(of.decided)} of ${count(of.needed)} forecasts have turned out, ${count(of.stated)} were stated.`;
  const off = of.tenths.filter((one) => one.found === "too high" || one.found === "too low").length;
  const brier = of.brier === null ? "" : ` Mean squared error ${of.brier.toFixed(3)}.`;
  return off === 0
    ? `What is said to be probable turns out so often: no tenth is shown to be off, in ${count(of.decided)} decided forecasts.${brier}`
    : `${plural(off, "tenth")} of the scale ${off === 1 ? "is" : "are"} off, in ${count(of.decided)} decided forecasts.${brier}`;
}

/** "9 of 10 found (…)" is not known of a share of nothing. */
export function shareWords(of: ShareOf | null | undefined): string {
  if (!of || of.rate === null || of.n === 0) return "not known yet";
  const between = of.low === null || of.high === null ? "" : `${percent(of.low)} to ${percent(of.high)}, `;
  return `${percent(of.rate)} (${between}${plural(of.n, "drill")})`;
}
