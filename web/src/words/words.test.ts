import { describe, expect, it } from "vitest";
import type { Run } from "../api/types";
import { bytes, costValue, count, dollars, percent, rateWords, short, tokensText } from "./numbers";
import { bodyWords, runCaveats, runSentence } from "./run";
import { ago, duration } from "./time";

const TOKENS = {
  input: 60000,
  output: 8400,
  cache_read: null,
  cache_write: null,
  reasoning: null,
  total: 68400,
  coverage: "full" as const,
};

const RUN = {
  run_id: "r1",
  agent: "support",
  lifecycle: "finished",
  status: "error",
  error_class: "tool_error",
  outcome: null,
  started_at: "2026-11-24T07:00:00.000000Z",
  duration_s: 192,
  model_calls: 47,
  tool_calls: 12,
  tokens: TOKENS,
  cost_usd: { computed: 0.38, reported: null, source: "priced" },
  residual_tokens: null,
  orphans: { repaired: 0, missing: 0 },
  root_synthetic: false,
} as unknown as Run;

describe("numbers", () => {
  it("shows unknown as a dash and zero as zero", () => {
    expect([count(null), short(undefined), dollars(null), bytes(null), duration(null)]).toEqual([
      "—",
      "—",
      "—",
      "—",
      "—",
    ]);
    expect([count(0), short(0), dollars(0), bytes(0), duration(0)]).toEqual(["0", "0", "$0", "0 B", "0 ms"]);
  });
  it("shortens at each step without 1000k", () => {
    expect([999, 1000, 68412, 99960, 999700, 1840000, 2.5].map(short)).toEqual([
      "999",
      "1k",
      "68.4k",
      "100k",
      "1M",
      "1.8M",
      "2.5",
    ]);
  });
  it("keeps two significant digits of small money", () => {
    expect([0.38, 12.5, 0.00123, 0.000001, 1234].map(dollars)).toEqual([
      "$0.38",
      "$12.50",
      "$0.0012",
      "<$0.00001",
      "$1.2k",
    ]);
  });
  it("says shares below one per cent with a digit", () => {
    expect([0, 0.004, 0.31, 1].map(percent)).toEqual(["0 %", "0.4 %", "31 %", "100 %"]);
  });
  it("judges no rate from fewer than 20 runs", () => {
    expect(rateWords({ value: 0.5, n: 18, low: 0.3, high: 0.7 })).toBe("18 runs, too few to judge");
    expect(rateWords({ value: 0.31, n: 212, low: 0.25, high: 0.38 })).toContain("31 % of 212 runs");
    expect(rateWords(null)).toBe("no outcome known yet");
  });
  it("marks partial coverage as a lower bound", () => {
    expect(tokensText(TOKENS)).toBe("68.4k");
    expect(tokensText({ ...TOKENS, coverage: "partial" })).toBe("≥ 68.4k");
    expect(tokensText({ ...TOKENS, total: null, coverage: "none" })).toBe("—");
  });
  it("takes the cost from its source", () => {
    expect(costValue({ computed: 1, reported: 2, source: "reported" })).toBe(2);
    expect(costValue({ computed: 1, reported: 2, source: "priced" })).toBe(1);
    expect(costValue({ computed: null, reported: null, source: "unpriced" })).toBeNull();
  });
  it("names sizes", () => {
    expect([512, 1536, 16777216].map(bytes)).toEqual(["512 B", "1.5 KB", "16 MB"]);
  });
});

describe("time", () => {
  it("says durations in two units at most", () => {
    expect([0.0004, 0.042, 0.42, 12.4, 59.7, 192, 7500, 273600].map(duration)).toEqual([
      "0.4 ms",
      "42 ms",
      "0.42 s",
      "12 s",
      "1 min",
      "3 min 12 s",
      "2 h 5 min",
      "3 d 4 h",
    ]);
  });
  it("says how long ago, and admits a clock that is ahead", () => {
    const now = Date.parse("2026-11-24T07:10:00Z");
    expect(ago("2026-11-24T07:00:00Z", now)).toBe("10 min ago");
    expect(ago("2026-11-24T07:10:30Z", now)).toBe("in 30 s");
    expect(ago("2026-11-24T07:10:03Z", now)).toBe("just now");
    expect(ago(null, now)).toBe("—");
  });
});

describe("the sentence of a run", () => {
  const now = Date.parse("2026-11-24T07:05:00Z");
  it("says what, how long, how much and how it ended", () => {
    expect(runSentence(RUN, now)).toBe(
      "made 47 model calls and 12 tool calls in 3 min 12 s for $0.38; failed: tool_error",
    );
  });
  it("counts a living run to now", () => {
    const live = { ...RUN, lifecycle: "running", status: "unknown", duration_s: null, model_calls: 1 } as Run;
    expect(runSentence(live, now)).toBe("has made 1 model call and 12 tool calls in 5 min for $0.38; still running");
  });
  it("does not claim success that is not known", () => {
    expect(runSentence({ ...RUN, status: "unknown" } as Run, now)).toContain("success not known");
  });
  it("does not let an unknown class read as an unknown ending", () => {
    expect(runSentence({ ...RUN, error_class: "unknown" } as Run, now)).toContain("failed: error of unknown class");
  });
  it("lists what makes the numbers weaker", () => {
    expect(runCaveats(RUN)).toEqual([]);
    const weak = { ...RUN, orphans: { repaired: 2, missing: 1 }, root_synthetic: true, residual_tokens: 1200 } as Run;
    expect(runCaveats(weak)).toHaveLength(4);
  });
});

describe("the state of a run's texts", () => {
  it("says the chance with which they were kept", () => {
    const words = (body_probability: number | null, body_reason: string | null) =>
      bodyWords({ body_probability, body_reason });
    expect(words(1, "error")).toBe("kept: error");
    expect(words(1 / 12, "reservoir")).toBe("sampled, 1 in 12 (reservoir)");
    expect(words(0.9, "reservoir")).toBe("sampled, 1 in 2 (reservoir)");
    expect(words(null, "top_cost")).toBe("top cost, chance not known");
    expect(words(0, "off")).toBe("not kept: off");
    expect(words(null, null)).toBe("not decided yet");
  });
});
