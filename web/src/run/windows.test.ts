import { describe, expect, it } from "vitest";
import type { CallContext, Cuts, OutlineAnswer, Use } from "../api/types";
import { fanOf, promisedAt, stepsOf, totalOf } from "./fan";
import { apart } from "./fan-chart";
import { outlineOf } from "./outline";
import { costWords, cutWords, planWords, scaleOf, shareWords, USES, windowBar, windowsSentence } from "./windows";

const NONE = Object.fromEntries(USES.map((use) => [use, 0])) as Record<Use, number>;
const CUTS: Cuts = {
  masked: 2,
  summarised: 0,
  dropped: 1,
  rewritten: 0,
  tokens_gone: 3100,
  tokens_again: 5000,
  cost_equivalents: 5750,
  cost_usd: null,
};
const CALL = {
  span_id: "s",
  tokens_input: 6000,
  uses: { ...NONE, system: 100, task: 100, tool_results: 400 },
  window: { advertised: 100000, effective: 12000, reserve_output: 500, source: "table" },
  plan: null,
  cut: 0,
  cuts: null,
} as unknown as CallContext;

describe("a context window", () => {
  it("divides reported tokens by what the messages show", () => {
    const bar = windowBar(CALL);
    expect([bar.parts?.system, bar.parts?.tool_results, bar.tokens, bar.reserve]).toEqual([1000, 4000, 6000, 500]);
    expect(shareWords(bar)).toBe("50 % of usable, 6 % of whole");
  });
  it("believes the agent's own plan before the messages", () => {
    const plan = {
      used: { ...NONE, world: 600, history: 2400 },
      counts: { kept: 4, masked: 0, cut: 2 },
      cut_reason: "soft mark",
    };
    const bar = windowBar({ ...CALL, plan, tokens_input: null });
    expect([bar.tokens, bar.parts?.world, bar.parts?.system]).toEqual([3000, 600, 0]);
    expect(planWords({ ...CALL, plan })).toBe("kept 4; soft mark");
  });
  it("keeps unknown unknown", () => {
    const dark = windowBar({
      ...CALL,
      tokens_input: null,
      window: { advertised: null, effective: null, reserve_output: null, source: null },
    });
    expect([dark.parts, dark.tokens, shareWords(dark)]).toEqual([null, null, "tokens not reported"]);
  });
  it("scales to what is worth using where that is near", () => {
    const bar = windowBar(CALL);
    expect(scaleOf([bar])).toBeCloseTo(12000 * 1.04);
    expect(scaleOf([{ ...bar, effective: 800000 }])).toBeCloseTo(6500 * 1.04);
  });
  it("prices a cut in dollars where it can, else in tokens", () => {
    expect(cutWords(CUTS)).toBe("2 masked, 1 dropped (3.1k tokens less)");
    expect(costWords(CUTS)).toBe("as 5.8k uncached tokens (5k tokens read anew)");
    expect(costWords({ ...CUTS, cost_usd: 0.012 })).toBe("$0.012 (5k tokens read anew)");
    expect(costWords({ ...CUTS, tokens_again: 0 })).toBe("nothing: it was at the end");
    expect(costWords({ ...CUTS, tokens_again: null })).toBe("not known");
  });
  it("says of a run how full, how often cut, at what price", () => {
    const cut = { ...CALL, cut: 3, tokens_input: 9000, cuts: { ...CUTS, cost_usd: 0.012 } };
    expect(windowsSentence([CALL, cut])).toBe(
      "Fullest at call 2: 75 % of its usable window; cut or rewritten before 1 call, which cost $0.012.",
    );
    expect(windowsSentence([CALL])).toContain("nothing was cut");
  });
});

/** Two model calls and one that reported nothing. */
function outline(tokens: (number | null)[]) {
  const n = tokens.length;
  const fill = <T>(value: T) => Array.from({ length: n }, () => value);
  const columns: OutlineAnswer["columns"] = {
    ...{ row: tokens.map((_, i) => i), trace: fill(0), span_id: tokens.map((_, i) => `s${i}`), parent: fill(-1) },
    ...{ depth: fill(0), end: tokens.map((_, i) => i + 1), offset_us: tokens.map((_, i) => i * 1e6) },
    ...{ duration_us: fill(500000), flags: fill(0), kind: fill(0), name: fill(-1), model: fill(-1), tool: fill(-1) },
    ...{ agent: fill(-1), error: fill(-1), rule: fill(-1), tokens_input: tokens, tokens_output: fill(null) },
    ...{ cache_read: fill(null), residual: fill(null), cost_usd: fill(null) },
  };
  return outlineOf([
    {
      ...{ run_id: "r", started_at: "", state: "whole", spans: n, end_us: n * 1e6, texts: ["llm"], traces: ["t"] },
      ...{ columns, buckets: null, next_cursor: null },
    },
  ]);
}

describe("the fan", () => {
  it("sums calls, and counts those that did not report", () => {
    const { steps, missing } = stepsOf(outline([null, 100, null, 50]), "tokens_total");
    expect(steps.map((one) => one.value)).toEqual([null, 100, 100, 150]);
    expect([missing, totalOf(steps)]).toEqual([2, 150]);
    expect(totalOf(stepsOf(outline([100, 50]), "cost_usd").steps)).toBeNull();
    expect(totalOf(stepsOf(outline([100, 50]), "seconds").steps)).toBe(1.5);
    expect(totalOf(stepsOf(outline([100, 50]), "steps").steps)).toBe(2);
  });
  it("rises with the promised calls, then is level; a far 99 % mark does not press the rest to the floor", () => {
    const { steps } = stepsOf(outline([100, 50]), "tokens_total");
    const spread = { q10: 80, q50: 100, q90: 200, q99: 5000 };
    const fan = fanOf(steps, spread, { q10: 2, q50: 4, q90: 9, q99: 20 }, null);
    expect([fan.calls, fan.promised]).toEqual([4, 4]);
    expect(fan.top).toBeCloseTo(216);
    expect([promisedAt(200, 0, fan), promisedAt(200, 2, fan), promisedAt(200, 9, fan)]).toEqual([0, 100, 200]);
    expect(fanOf([], null, null, null)).toEqual({ calls: 1, top: 1, promised: null });
    expect(fanOf(steps, spread, null, 400).top).toBeCloseTo(432);
  });
  it("keeps the names of its levels apart and on the picture", () => {
    expect(apart([10, 12, 100])).toEqual([10, 25, 100]);
    expect(Math.max(...apart([230, 236, 239]))).toBeLessThanOrEqual(240);
  });
});
