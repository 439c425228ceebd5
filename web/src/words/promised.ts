/** A promise in words: what was estimated, what it took, and where that falls among such runs. Pure. */

import { QUANTITIES, type Quantity, type RunEstimate, type Spread } from "../api/promised";
import type { Run } from "../api/types";
import { costValue, count, dollars, percent, plural, short, UNKNOWN } from "./numbers";
import { isLiveRun } from "./run";
import { duration } from "./time";

export const QUANTITY_WORDS: Record<Quantity, string> = {
  tokens_total: "tokens",
  tokens_input: "input tokens",
  tokens_output: "output tokens",
  steps: "model calls",
  cost_usd: "dollars",
  seconds: "time",
};

/** A number of that quantity without its name where the unit says it: "68k", "$0.38", "3 min". */
export function amount(quantity: Quantity, value: number | null | undefined): string {
  if (value === null || value === undefined) return UNKNOWN;
  if (quantity === "cost_usd") return dollars(value);
  if (quantity === "seconds") return duration(value);
  return quantity === "steps" ? count(Math.round(value)) : short(value);
}

/** The same with its name: "68k tokens", "$0.38", "12 model calls". */
export function amountWords(quantity: Quantity, value: number): string {
  if (quantity === "cost_usd" || quantity === "seconds") return amount(quantity, value);
  if (quantity === "steps") return plural(Math.round(value), "model call");
  return `${amount(quantity, value)} ${QUANTITY_WORDS[quantity]}`;
}

export function spreadOf(estimate: RunEstimate, quantity: Quantity): Spread | null {
  return estimate[quantity] ?? null;
}

/** Quantities that something was promised of, in the order of the page. */
export function promisedOf(estimate: RunEstimate): Quantity[] {
  return QUANTITIES.filter((name) => spreadOf(estimate, name) !== null);
}

/** What the run took: the API's word where it gives one, else what the run says of itself. */
export function spentOf(run: Run, quantity: Quantity): number | null {
  const told = run.estimate?.spent[quantity];
  if (told !== undefined) return told;
  switch (quantity) {
    case "tokens_total":
      return run.tokens.total;
    case "tokens_input":
      return run.tokens.input;
    case "tokens_output":
      return run.tokens.output;
    case "steps":
      return run.model_calls;
    case "cost_usd":
      return costValue(run.cost_usd);
    case "seconds":
      return run.duration_s;
  }
}

/** The share of such runs that take less: the API's, else read between the promised quantiles on a log scale. Null when it cannot be said. */
export function positionOf(run: Run, quantity: Quantity): number | null {
  const estimate = run.estimate;
  if (!estimate) return null;
  const told = estimate.position[quantity];
  if (told !== undefined) return told;
  const spread = spreadOf(estimate, quantity);
  const spent = spentOf(run, quantity);
  return spread === null || spent === null ? null : placeIn(spread, spent);
}

const LEVELS = [0.1, 0.5, 0.9, 0.99] as const;

/** Where a value falls in a spread; held to the outermost levels, since beyond them nothing was promised. */
export function placeIn(spread: Spread, value: number): number {
  const marks = [spread.q10, spread.q50, spread.q90, spread.q99];
  if (value <= spread.q10) return LEVELS[0];
  for (let i = 1; i < marks.length; i++) {
    const low = marks[i - 1] as number;
    const high = marks[i] as number;
    if (value > high) continue;
    const from = LEVELS[i - 1] as number;
    const share = high <= low ? 1 : Math.log(value / Math.max(low, 1e-9)) / Math.log(high / Math.max(low, 1e-9));
    return from + Math.min(1, Math.max(0, share)) * ((LEVELS[i] as number) - from);
  }
  return LEVELS[3];
}

/** "more than 78 % of such runs"; at the ends no more is said than was promised. */
export function placeWords(place: number): string {
  if (place <= 0.1) return "less than nine in ten of such runs";
  if (place >= 0.99) return "more than 99 % of such runs";
  return `more than ${percent(place)} of such runs`;
}

export function isOver(run: Run, quantity: Quantity): boolean {
  return run.estimate?.over.includes(quantity) ?? false;
}

/** Words for a list: promised against spent in a few characters. */
export function promiseTitle(run: Run, quantity: Quantity): string {
  const estimate = run.estimate;
  const spread = estimate ? spreadOf(estimate, quantity) : null;
  if (!estimate || !spread) return `${QUANTITY_WORDS[quantity]}: not estimated`;
  const spent = spentOf(run, quantity);
  const took = spent === null ? "spent is not known" : `spent ${amountWords(quantity, spent)}`;
  return `promised ${amountWords(quantity, spread.q50)} (${between(quantity, spread)}), ${took}${isOver(run, quantity) ? ": over its promise" : ""}`;
}

function between(quantity: Quantity, spread: Spread): string {
  return `eight in ten such runs ${amount(quantity, spread.q10)}–${amount(quantity, spread.q90)}, 99 % below ${amount(quantity, spread.q99)}`;
}

const SOURCE_WORDS: Record<RunEstimate["source"], string> = {
  agent: "said by the agent itself",
  server: "made when the run was first seen",
  replayed: "made afterwards, from what had ended before it began",
};

/** The sentence under the heading of a run. */
export function promiseSentence(run: Run, quantity: Quantity): string {
  const estimate = run.estimate;
  if (!estimate) return "Not estimated: this run was never given a promise.";
  const spread = spreadOf(estimate, quantity);
  if (!spread) return `No promise of its ${QUANTITY_WORDS[quantity]}: no history tells of them.`;
  return `Promised ${amountWords(quantity, spread.q50)} (${between(quantity, spread)}), ${tookWords(run, quantity)}.`;
}

function tookWords(run: Run, quantity: Quantity): string {
  const spent = spentOf(run, quantity);
  if (spent === null) return isLiveRun(run) ? "still going on" : "what it took is not known";
  const so = isLiveRun(run) ? " so far" : "";
  const part = run.tokens.coverage === "partial" && quantity.startsWith("tokens") ? "at least " : "";
  const place = positionOf(run, quantity);
  const where = place === null ? "" : `: ${placeWords(place)}${so === "" ? "" : " take in all"}`;
  return `spent ${part}${amountWords(quantity, spent)}${so}${where}`;
}

/** What the promise stands on; a guess is called a guess. */
export function basisSentence(estimate: RunEstimate): string {
  const how = SOURCE_WORDS[estimate.source] ?? estimate.source;
  if (estimate.cold) return `Cold: nothing of this agent or model was known, so this is a wide guess. ${dotted(how)}`;
  return `${dotted(estimate.why)} Confidence ${estimate.confidence}; ${how}.`;
}

/** The basis in a few words, for the heading. */
export function basisWords(estimate: RunEstimate): string {
  if (estimate.cold) return "Cold: nothing of this agent or model was known, so it is a wide guess.";
  return `Estimate: ${estimate.why.trim().replace(/\.$/, "")}.`;
}

function dotted(text: string): string {
  const clean = text.trim();
  const big = clean.charAt(0).toUpperCase() + clean.slice(1);
  return /[.!?]$/.test(big) ? big : `${big}.`;
}
