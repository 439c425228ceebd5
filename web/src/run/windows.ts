/** Context windows of model calls: who uses them, how full, what was cut and what that cost. Pure. */

import type { CallContext, Cuts, Use } from "../api/types";
import { count, dollars, percent, plural, short } from "../words/numbers";

/** In the order in which a window is laid out for a cache: what never changes first. */
export const USES: readonly Use[] = ["tools", "system", "world", "task", "retrieved", "history", "tool_results"];

export const USE_WORDS: Record<Use, string> = {
  tools: "tool definitions",
  system: "system",
  world: "world state",
  task: "task",
  retrieved: "retrieved",
  history: "history",
  tool_results: "tool results",
};

/** One bar: parts in tokens from the left, what is kept free for the answer, and the scale they stand on. */
export interface WindowBar {
  /** Null where the content is not known. */
  parts: Record<Use, number> | null;
  /** The prompt: reported, else predicted by the plan. Null = not known. */
  tokens: number | null;
  reserve: number;
  advertised: number | null;
  effective: number | null;
}

export function windowBar(call: CallContext): WindowBar {
  const window = call.window;
  const told = call.plan?.used ?? null;
  const predicted = told === null ? null : USES.reduce((sum, use) => sum + told[use], 0);
  const tokens = call.tokens_input ?? predicted;
  return {
    parts: partsOf(call, tokens),
    tokens,
    reserve: window?.reserve_output ?? 0,
    advertised: window?.advertised ?? null,
    effective: window?.effective ?? null,
  };
}

/** Tokens by use: as the agent's plan told them, else the prompt divided by characters. */
function partsOf(call: CallContext, tokens: number | null): Record<Use, number> | null {
  const given = call.plan?.used ?? call.uses ?? null;
  if (given === null || tokens === null) return null;
  const whole = USES.reduce((sum, use) => sum + given[use], 0);
  if (whole <= 0) return null;
  return Object.fromEntries(USES.map((use) => [use, (given[use] * tokens) / whole])) as Record<Use, number>;
}

/** The scale of all bars: the largest window worth using, or the largest prompt where no window is known or it is far larger. */
export function scaleOf(bars: readonly WindowBar[]): number {
  const prompts = Math.max(1, ...bars.map((bar) => (bar.tokens ?? 0) + bar.reserve));
  const windows = Math.max(0, ...bars.map((bar) => bar.effective ?? bar.advertised ?? 0));
  // A run that uses a fiftieth of its window would be a row of hairlines.
  return windows > 0 && windows <= prompts * 4 ? Math.max(windows, prompts) * 1.04 : prompts * 1.04;
}

/** "58 % of usable, 38 % of whole" */
export function shareWords(bar: WindowBar): string {
  if (bar.tokens === null) return "tokens not reported";
  const said = [
    bar.effective ? `${percent(bar.tokens / bar.effective)} of usable` : null,
    bar.advertised ? `${percent(bar.tokens / bar.advertised)} of whole` : null,
  ].filter(Boolean);
  return said.length > 0 ? said.join(", ") : "window not known";
}

export function cutWords(cuts: Cuts | null | undefined): string {
  if (!cuts) return "";
  const kinds = (["masked", "summarised", "dropped", "rewritten"] as const)
    .filter((kind) => cuts[kind] > 0)
    .map((kind) => `${count(cuts[kind])} ${kind}`);
  if (kinds.length === 0) return "nothing";
  return cuts.tokens_gone ? `${kinds.join(", ")} (${short(cuts.tokens_gone)} tokens less)` : kinds.join(", ");
}

/** In dollars where a price is known, else in tokens at the price of uncached input. */
export function costWords(cuts: Cuts | null | undefined): string {
  if (!cuts || cuts.masked + cuts.summarised + cuts.dropped + cuts.rewritten === 0) return "";
  if (cuts.tokens_again === null) return "not known";
  if (cuts.tokens_again === 0) return "nothing: it was at the end";
  const tokens = `${short(cuts.tokens_again)} tokens read anew`;
  if (cuts.cost_usd !== null) return `${dollars(cuts.cost_usd)} (${tokens})`;
  return cuts.cost_equivalents === null ? tokens : `as ${short(cuts.cost_equivalents)} uncached tokens (${tokens})`;
}

/** Plan of the agent's own budget: "kept 41, masked 3; over the soft mark" */
export function planWords(call: CallContext): string {
  const plan = call.plan;
  if (!plan) return "";
  const counts = Object.entries(plan.counts)
    .filter(([name, n]) => n > 0 && name !== "cut")
    .map(([name, n]) => `${name} ${count(n)}`);
  return [counts.join(", "), plan.cut_reason].filter(Boolean).join("; ");
}

/** The run's windows in a sentence: how full at most, how often cut, at what price. */
export function windowsSentence(calls: readonly CallContext[]): string {
  const bars = calls.map(windowBar);
  const shares = bars.map((bar) => (bar.tokens !== null && bar.effective ? bar.tokens / bar.effective : null));
  const fullest = shares.reduce<number>((best, share, i) => ((share ?? -1) > (shares[best] ?? -1) ? i : best), 0);
  const share = shares[fullest] ?? null;
  const cut = calls.filter((call) => (call.cut ?? 0) > 0);
  const usd = cut.map((call) => call.cuts?.cost_usd ?? null);
  const full =
    share === null
      ? "How full the windows were is not known"
      : `Fullest at call ${fullest + 1}: ${percent(share)} of its usable window`;
  const often = cut.length === 0 ? "nothing was cut" : `cut or rewritten before ${plural(cut.length, "call")}`;
  const priced = cut.length > 0 && usd.every((value) => value !== null);
  const cost = priced ? `, which cost ${dollars(usd.reduce<number>((sum, value) => sum + (value ?? 0), 0))}` : "";
  return `${full}; ${often}${cost}.`;
}
