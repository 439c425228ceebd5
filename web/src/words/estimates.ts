/** Estimates and their calibration in words. Pure. */

import type { Calibrated, Calibration, Coverage, TaskEstimate } from "../api/promised";
import { capital, count, percent, plural } from "./numbers";
import { amount, amountWords } from "./promised";

/** Fewer runs than this say nothing of a 90 % promise: its interval is then wider than 20 points. */
export const ENOUGH_PROMISED = 40;

/** "Of 412 runs 89 % stayed within their 90 % promise …" over all cohorts together. */
export function calibrationSentence(found: Calibration): string {
  const known = found.items
    .map((one) => one.coverage["0.9"])
    .filter((one): one is Coverage => one !== null && one.n > 0);
  const n = known.reduce((sum, one) => sum + one.n, 0);
  const drifting = found.items.filter((one) => one.drift !== null).length;
  const moved = drifting === 0 ? "" : ` ${plural(drifting, "cohort")} drifted away from what was promised.`;
  if (n < ENOUGH_PROMISED)
    return `Not enough data yet: ${plural(ENOUGH_PROMISED - n, "more run")} until it can be said whether promises hold.${moved}`;
  const kept = known.reduce((sum, one) => sum + one.share * one.n, 0) / n;
  return `${percent(kept)} of ${count(n)} runs stayed within what was promised of nine in ten.${moved}`;
}

export function coverageTitle(level: number, found: Coverage): string {
  const interval = `95 % interval ${percent(found.low)} to ${percent(found.high)}`;
  return `${percent(found.share)} of ${plural(found.n, "run")} at or below the promised ${percent(level)} level (${interval})`;
}

/** How much better the promise of nine in ten was than one constant for all; by the pinball loss. */
export function gainWords(one: Calibrated): string {
  const ours = one.pinball?.["0.9"] ?? null;
  const theirs = one.pinball_constant?.["0.9"] ?? null;
  if (one.n < ENOUGH_PROMISED || ours === null || theirs === null || theirs <= 0) return "too few to say";
  const gain = 1 - ours / theirs;
  return gain >= 0 ? `${percent(gain)} nearer` : `${percent(-gain)} farther`;
}

export function estimateSentence(found: TaskEstimate): string {
  const spread = found.estimate.tokens_total;
  const why = found.why.trim().replace(/\.$/, "");
  const stands = found.cold
    ? "Cold: nothing of this agent or model is known, so this is a wide guess."
    : `${capital(why)}; confidence ${found.confidence}.`;
  if (!spread) return `No history tells of its tokens. ${stands}`;
  return `${amountWords("tokens_total", spread.q50)} (eight in ten such runs ${amount("tokens_total", spread.q10)}–${amount("tokens_total", spread.q90)}). ${stands}`;
}

export function fitsWords(chance: number | null | undefined): string {
  if (chance === undefined) return "no ceiling given";
  return chance === null ? "not known" : `in ${percent(chance)} of such runs`;
}
