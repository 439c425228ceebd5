import { describe, expect, it } from "vitest";
import type { Alert, Found, Measured, Promised, Stream } from "../api/watched";
import { ticksOf } from "../signals/series";
import { alertLine, byUrgency, firstAction, inboxWords } from "./alerts";
import {
  concentrationWords,
  conditionsWords,
  evidenceShare,
  evidenceText,
  evidenceWords,
  measuredWords,
  mixWords,
  movedText,
  powerText,
  promiseWords,
  sightWords,
  streamSentence,
  THRESHOLD_AT,
  valueText,
  whereWords,
} from "./watched";

function measured(value: number | null, given: Partial<Measured> = {}): Measured {
  return { value, low: null, high: null, n: 0, method: null, reason: null, n_needed: null, ...given };
}

const STREAM: Stream = {
  stream_id: "s1",
  signal: "failing",
  title: "failing runs",
  unit: "share of runs",
  kind: "rate",
  lane: "deploy",
  cohort: { agent: "support-agent", environment: "prod" },
  deploy: { part: "prompt_version", old: "v6", new: "v7", opened_at: "2026-11-24T07:00:00Z" },
  state: "reached",
  evidence: 31_000,
  threshold: 12_000,
  runs: 212,
  now: measured(0.31, { low: 0.25, high: 0.38, n: 212 }),
  before: measured(0.12, { low: 0.1, high: 0.14, n: 1204 }),
  runs_needed: null,
  sees: null,
};

const FOUND: Found = {
  ...STREAM,
  ...{
    kind: "regression",
    where: {},
    at: "2026-11-24T07:05:00Z",
    n: 212,
    slices: [],
    run_ids: ["r9", "r8"],
    wasted_usd: null,
  },
};

const ALERT: Alert = {
  alert_id: "a1",
  signature: "sig",
  kind: "regression",
  state: "firing",
  title: "support-agent with prompt v7 fails more than v6",
  where: { agent: "support-agent", prompt_version: "v7" },
  opened_at: "2026-11-24T07:02:00Z",
  fired_at: "2026-11-24T07:04:00Z",
  resolved_at: null,
  updated_at: "2026-11-24T07:05:00Z",
  resolution: null,
  wasted_usd: null,
  findings: [FOUND],
  findings_n: 3,
};

describe("values of signals", () => {
  it("follow the unit: shares, dollars, seconds, counts", () => {
    expect(valueText(0.31, STREAM)).toBe("31 %");
    expect(valueText(0.19, { unit: "$/run" })).toBe("$0.19");
    expect(valueText(192, { unit: "seconds/run" })).toBe("3 min 12 s");
    expect(valueText(68412, { unit: "tokens/run" })).toBe("68.4k");
    expect(valueText(0.02, { unit: "errors/call" })).toBe("2 %");
    expect(valueText(3.4, { unit: "calls/run", kind: "regression" })).toBe("3.4");
    expect(valueText(null, STREAM)).toBe("—");
  });
  it("carry their interval and n, or why there is no number", () => {
    expect(measuredWords(STREAM.now, STREAM)).toBe("31 % (25 % to 38 %, 212 runs)");
    expect(measuredWords(measured(null, { n: 18, n_needed: 40 }), STREAM)).toBe("18 runs, 22 more needed");
    expect(measuredWords(measured(null, { n: 1, reason: "no run says" }), STREAM)).toBe("no run says");
    expect(measuredWords(measured(null, { n: 3 }), STREAM)).toBe("3 runs, too few to judge");
  });
  it("say what was before only where it is known", () => {
    expect(movedText(STREAM)).toBe("12 % → 31 %");
    expect(movedText({ ...STREAM, before: measured(null) })).toBe("31 %");
  });
});

describe("evidence", () => {
  it("is written in as many digits as it deserves", () => {
    expect([0.4, 1.234, 99, 31_234, 2e7, 1e12].map(evidenceText)).toEqual([
      "0.4",
      "1.2",
      "99",
      "31,000",
      "10⁷",
      ">10¹²",
    ]);
  });
  it("is a power of ten on its axis", () => {
    expect([0.1, 1, 1000, 1e4, 1e12].map(powerText)).toEqual(["0.1", "1", "1,000", "10⁴", "10¹²"]);
  });
  it("draws one tick for a version, at its first cohort", () => {
    const mark = (at: string, version: string) => ({ part: "prompt_version", old: "v6", new: version, cohort: {}, at });
    const ticks = ticksOf([
      mark("1970-01-01T00:00:09Z", "v7"),
      mark("1970-01-01T00:00:05Z", "v7"),
      mark("1970-01-01T00:00:07Z", "v8"),
    ]);
    expect(ticks).toEqual([
      { at: 5, label: "prompt version v7" },
      { at: 7, label: "prompt version v8" },
    ]);
  });
  it("may have no threshold yet", () => {
    expect(evidenceText(null)).toBe("—");
    expect(evidenceShare(50, null)).toBe(0);
    expect(evidenceWords({ evidence: 2, threshold: null })).toBe("evidence 2, no threshold yet");
  });
  it("has its threshold at one place of the bar, whatever the threshold is", () => {
    expect(evidenceShare(12_000, 12_000)).toBeCloseTo(THRESHOLD_AT);
    expect(evidenceShare(50, 50)).toBeCloseTo(THRESHOLD_AT);
    expect(evidenceShare(Math.sqrt(12_000), 12_000)).toBeCloseTo(THRESHOLD_AT / 2);
    expect([evidenceShare(1, 50), evidenceShare(0, 50), evidenceShare(1e12, 50)]).toEqual([0, 0, 1]);
  });
});

describe("a stream in words", () => {
  it("names what, where, how much, against what, and how sure", () => {
    expect(streamSentence(STREAM)).toBe(
      "Failing runs of support-agent in prod with prompt v7: 31 % (25 % to 38 %, 212 runs) against 12 % (10 % to 14 %, 1,204 runs) with v6; evidence 31,000 over a threshold of 12,000.",
    );
  });
  it("names the agent first and keeps what it does not know", () => {
    expect(whereWords({ environment: "prod", agent: "a" })).toBe("a in prod");
    expect(whereWords({ agent: null, tenant: "acme" })).toBe("agent not known tenant acme");
    expect(whereWords({})).toBe("the whole fleet");
  });
  it("says what it takes and what stays unseen, or nothing", () => {
    expect(sightWords({ ...STREAM, state: "quiet", runs_needed: 40, sees: 0.22 })).toBe(
      "A change of the size looked for would take 40 runs to reach the threshold; as many runs again would show 22 % or worse; anything smaller stays unseen.",
    );
    expect(sightWords(STREAM)).toBeNull();
  });
});

describe("the promise", () => {
  const condition = (holds: boolean | null) => ({ name: "c", holds, because: "", measured: measured(null) });
  const promise: Promised = {
    alarms_per_month: 1,
    expected_so_far: 0.42,
    since: "2026-11-01T00:00:00Z",
    conditions: [],
  };
  it("is an expectation beside what was promised", () => {
    expect(promiseWords(promise)).toBe("Expected false pages so far this month: 0.4 of 1 promised.");
    expect(promiseWords({ ...promise, expected_so_far: 0.0001 })).toContain("less than 0.01 of 1");
    expect(promiseWords({ ...promise, expected_so_far: 0.034 })).toContain("0.03 of 1");
  });
  it("admits conditions that do not hold, before those that are not known", () => {
    const words = (...holds: (boolean | null)[]) => conditionsWords({ ...promise, conditions: holds.map(condition) });
    expect(words(true, false, null)).toBe("1 of 3 conditions does not hold");
    expect(words(true, null, null)).toBe("2 of 3 conditions not known yet");
    expect(words(true, true)).toBe("all 2 conditions hold");
  });
});

describe("the inbox", () => {
  const now = Date.parse("2026-11-24T07:10:00Z");
  it("says an alert in a line: what, where, how much, how sure, since when", () => {
    expect(alertLine(ALERT, now)).toEqual({
      what: "failing runs +2 signals",
      where: "support-agent with prompt v7",
      howMuch: "12 % → 31 %, 212 runs",
      howSure: "evidence 31,000 over a threshold of 12,000",
      since: "fires since 6 min",
    });
    expect(alertLine({ ...ALERT, state: "pending", fired_at: null }, now).since).toBe("seen 8 min ago");
    expect(alertLine({ ...ALERT, state: "resolved", resolved_at: "2026-11-24T07:09:00Z" }, now).since).toBe(
      "over 60 s ago",
    );
  });
  it("does not claim a probability for a fact", () => {
    const loop: Alert = { ...ALERT, kind: "loop", wasted_usd: 12, findings: [{ ...FOUND, lane: "live" }] };
    expect(alertLine(loop, now)).toMatchObject({ what: "loops", howSure: "a fact" });
    expect(alertLine(loop, now).howMuch).toContain("$12.00 wasted");
  });
  it("puts what fires first, then money, then how sure, then the newest", () => {
    const one = (alert_id: string, given: Partial<Alert>) => ({ ...ALERT, alert_id, ...given });
    const weak = { ...FOUND, evidence: 12_000 };
    const order = byUrgency([
      one("over", { state: "resolved", resolved_at: "2026-11-24T07:08:00Z" }),
      one("rises", { state: "pending", wasted_usd: 900 }),
      one("weak", { findings: [weak] }),
      one("sure", {}),
      one("dear", { wasted_usd: 40, findings: [weak] }),
      one("new", { findings: [weak], fired_at: "2026-11-24T07:09:00Z" }),
    ]).map((alert) => alert.alert_id);
    expect(order).toEqual(["dear", "sure", "new", "weak", "rises", "over"]);
  });
  it("leads to a run first", () => {
    expect(firstAction(ALERT)?.runId).toBe("r9");
    const chosen = { role: "medoid" as const, run_id: "m", because: "" };
    expect(firstAction({ ...ALERT, exemplars: [chosen] })?.runId).toBe("m");
    expect(firstAction({ ...ALERT, findings: [{ ...FOUND, run_ids: [] }] })).toBeNull();
  });
  it("counts what fires and what only rises", () => {
    expect(inboxWords([])).toBe("Nothing is open: no signal moved far enough.");
    expect(inboxWords([ALERT, { ...ALERT, state: "pending" }])).toBe("1 alert fires. 1 rises and was sent to nobody.");
    expect(inboxWords([{ ...ALERT, state: "pending" }])).toBe("No alert fires. 1 rises and was sent to nobody.");
  });
});

describe("the mix", () => {
  it("is told as what it is, or not at all", () => {
    const shift = { where: { agent: "a" }, now: measured(0.52), before: measured(0.3) };
    expect(mixWords([shift])).toBe("The mix moved, which is no regression: 52 % of runs are a, 30 % before.");
    expect(mixWords([])).toBeNull();
  });
});

describe("concentration", () => {
  it("is told by cohorts", () => {
    expect(concentrationWords({ cohorts: 3, of: 14, share_80: 0.82, top: [] })).toBe("80 % by 3 of 14 cohorts");
  });
});
