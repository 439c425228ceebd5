import { describe, expect, it } from "vitest";
import type { Approval } from "../api/approvals";
import type { Calibration, RunEstimate, TaskEstimate } from "../api/promised";
import type { Run } from "../api/types";
import { placeOnBar } from "../runs/promise-bar";
import { askerWords, numbersWords, queueSentence, whenWords } from "./approvals";
import { calibrationSentence, estimateSentence, fitsWords, gainWords } from "./estimates";
import { basisSentence, isOver, placeIn, placeWords, positionOf, promiseSentence, promiseTitle } from "./promised";

const SPREAD = { q10: 31000, q50: 68000, q90: 140000, q99: 300000 };

const ESTIMATE: RunEstimate = {
  made_at: "2026-11-24T10:00:00Z",
  source: "server",
  confidence: "medium",
  cold: false,
  why: "41 runs of support with gpt-5",
  basis: [],
  tokens_total: SPREAD,
  cost_usd: null,
  spent: { tokens_total: 92000, cost_usd: null },
  position: { tokens_total: 0.78, cost_usd: null },
  over: [],
  over_budget: false,
};

const RUN = {
  lifecycle: "finished",
  tokens: { input: 80000, output: 12000, total: 92000, coverage: "full" },
  model_calls: 12,
  duration_s: 60,
  cost_usd: { computed: 0.3, reported: null, source: "priced" },
  estimate: ESTIMATE,
} as unknown as Run;

const with_ = (changes: Partial<RunEstimate>): Run => ({ ...RUN, estimate: { ...ESTIMATE, ...changes } });

describe("a promise in words", () => {
  it("says promised, spent and where that falls", () => {
    expect(promiseSentence(RUN, "tokens_total")).toBe(
      "Promised 68k tokens (eight in ten such runs 31k–140k, 99 % below 300k), spent 92k tokens: more than 78 % of such runs.",
    );
    expect(basisSentence(ESTIMATE)).toBe(
      "41 runs of support with gpt-5. Confidence medium; made when the run was first seen.",
    );
  });
  it("calls a guess a guess, and says when nothing was promised", () => {
    expect(basisSentence({ ...ESTIMATE, cold: true, source: "replayed" })).toMatch(
      /^Cold: nothing .* wide guess\. Made afterwards/,
    );
    expect(promiseSentence({ ...RUN, estimate: null }, "tokens_total")).toMatch(/^Not estimated/);
    expect(promiseSentence(RUN, "cost_usd")).toMatch(/^No promise of its dollars/);
    expect(promiseTitle({ ...RUN, estimate: null }, "tokens_total")).toBe("tokens: not estimated");
  });
  it("does not take unknown for zero", () => {
    const lost = with_({ spent: { tokens_total: null }, position: { tokens_total: null } });
    expect(promiseSentence(lost, "tokens_total")).toContain("what it took is not known");
    expect(positionOf(lost, "tokens_total")).toBeNull();
  });
  it("says lower bounds and what a run took so far as such", () => {
    const partly = { ...RUN, tokens: { ...RUN.tokens, coverage: "partial" as const } };
    expect(promiseSentence(partly, "tokens_total")).toContain("spent at least 92k tokens");
    const live = { ...RUN, lifecycle: "running" as const };
    expect(promiseSentence(live, "tokens_total")).toContain(
      "spent 92k tokens so far: more than 78 % of such runs take in all",
    );
  });
  it("marks what is over", () => {
    const over = with_({ over: ["tokens_total"], position: { tokens_total: 0.99 } });
    expect([isOver(over, "tokens_total"), isOver(over, "steps")]).toEqual([true, false]);
    expect(promiseTitle(over, "tokens_total")).toMatch(/: over its promise$/);
  });
  it("finds a place between the levels and says no more at the ends than was promised", () => {
    expect([1, 31000, 68000, 140000, 300000, 9e9].map((value) => placeIn(SPREAD, value))).toEqual([
      0.1, 0.1, 0.5, 0.9, 0.99, 0.99,
    ]);
    expect(placeIn(SPREAD, 100000)).toBeGreaterThan(0.6);
    expect([0.05, 0.5, 0.995].map(placeWords)).toEqual([
      "less than nine in ten of such runs",
      "more than 50 % of such runs",
      "more than 99 % of such runs",
    ]);
  });
  it("keeps the bar on its cell, in order", () => {
    const places = [0, 0.5, 1, 1.5, 10, 1e6].map(placeOnBar);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places.every((place) => place > 0 && place < 1)).toBe(true);
  });
});

describe("calibration and estimates in words", () => {
  const share = (value: number, n: number) => ({ share: value, low: value - 0.05, high: value + 0.05, n });
  const found = (n: number): Calibration => ({
    quantity: "tokens_total",
    since: "",
    until: "",
    runs: n,
    left_out: 0,
    items: [
      {
        agent: "a",
        model: "m",
        n,
        censored: 0,
        coverage: { "0.5": share(0.5, n), "0.9": share(0.88, n), "0.99": null },
        pinball: { "0.9": 75 },
        pinball_constant: { "0.9": 100 },
        drift: null,
      },
    ],
  });
  it("waits for enough runs", () => {
    expect(calibrationSentence(found(30))).toBe(
      "Not enough data yet: 10 more runs until it can be said whether promises hold.",
    );
    expect(calibrationSentence(found(400))).toBe("88 % of 400 runs stayed within what was promised of nine in ten.");
  });
  it("compares with a constant", () => {
    const one = found(400).items[0] as Calibration["items"][0];
    expect(gainWords(one)).toBe("25 % nearer");
    expect(gainWords({ ...one, pinball_constant: null })).toBe("too few to say");
  });
  it("says what a task would take and whether it fits", () => {
    const task: TaskEstimate = { ...ESTIMATE, estimate: { tokens_total: SPREAD }, n: 41, warnings: [], fits: {} };
    expect(estimateSentence(task)).toBe(
      "68k tokens (eight in ten such runs 31k–140k). 41 runs of support with gpt-5; confidence medium.",
    );
    expect(estimateSentence({ ...task, cold: true, estimate: {} })).toMatch(/^No history tells of its tokens\. Cold/);
    expect([fitsWords(undefined), fitsWords(null), fitsWords(0.93)]).toEqual([
      "no ceiling given",
      "not known",
      "in 93 % of such runs",
    ]);
  });
});

describe("the queue of approvals", () => {
  const now = Date.parse("2026-11-24T10:00:00Z");
  const one = {
    state: "pending",
    agent: "support",
    task_id: "t1",
    quantity: "tokens_total",
    q90: 140000,
    ceiling: 100000,
    spent: null,
    expires_at: "2026-11-24T10:05:00Z",
    decided_at: null,
    by: null,
  } as unknown as Approval;
  it("says who asks, the numbers, and how long is left", () => {
    expect(numbersWords(one)).toBe("nine in ten take up to 140k tokens; ceiling 100k tokens");
    expect(numbersWords({ ...one, quantity: null })).toBe("");
    expect(whenWords(one, now)).toBe("5 min left to answer");
    expect(whenWords({ ...one, state: "approved", decided_at: "2026-11-24T09:59:00Z", by: "ann" }, now)).toBe(
      "approved 60 s ago by ann",
    );
    expect([
      askerWords(one),
      askerWords({ ...one, agent: null }),
      askerWords({ ...one, agent: null, task_id: null }),
    ]).toEqual(["support", "task t1", "an agent without a name"]);
    expect([0, 1, 3].map(queueSentence)).toEqual([
      "No agent waits for a person.",
      "1 agent waits for a person before it uses a tool.",
      "3 agents wait for a person before they use a tool.",
    ]);
  });
});
