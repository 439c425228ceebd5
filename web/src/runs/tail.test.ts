import { describe, expect, it } from "vitest";
import type { FleetMinute, Run } from "../api/types";
import { pace, series } from "../fleet/pace";
import { joined, withHead } from "./tail";

const run = (id: string, at: number, spans = 1): Run =>
  ({ run_id: id, started_at: `2026-11-24T07:00:${String(at).padStart(2, "0")}Z`, spans }) as unknown as Run;
const ids = (rows: readonly Run[]) => rows.map((one) => one.run_id);

describe("the live tail", () => {
  const shown = [run("b", 20), run("a", 10)];
  it("holds new runs back while paused and counts them", () => {
    const tail = withHead(shown, [run("d", 40), run("c", 30), run("b", 20, 9)], false);
    expect(ids(tail.rows)).toEqual(["b", "a"]);
    expect(tail).toMatchObject({ waiting: 2, atLeast: false });
    expect(tail.rows[0]?.spans).toBe(9);
  });
  it("puts them on top when open", () => {
    expect(ids(withHead(shown, [run("d", 40), run("c", 30)], true).rows)).toEqual(["d", "c", "b", "a"]);
  });
  it("says at least when the head is all new", () => {
    expect(withHead(shown, [run("z", 50)], false)).toMatchObject({ waiting: 1, atLeast: true });
  });
  it("does not call a run new that is older than the top", () => {
    expect(withHead(shown, [run("b", 20), run("old", 5)], true).waiting).toBe(0);
    expect(ids(withHead(shown, [run("b", 20), run("old", 5)], true).rows)).toEqual(["b", "a"]);
  });
  it("shows a run once that slid to the next page", () => {
    expect(ids(joined([[run("b", 20)], [run("b", 20), run("a", 10)]]))).toEqual(["b", "a"]);
  });
});

const minute = (at: string, runs: number, tokens: number, cost: number): FleetMinute => ({
  minute: `2026-11-24T${at}:00.000000Z`,
  runs,
  failed: 0,
  scored: runs,
  tokens_total: tokens,
  cost_usd: cost,
  model_calls: 0,
});

describe("the pace of the fleet", () => {
  const now = Date.parse("2026-11-24T07:05:30Z");
  it("is unknown before the first complete minute", () => {
    expect(pace([], now)).toBeNull();
    expect(pace([minute("07:05", 3, 100, 1)], now)).toBeNull();
  });
  it("does not dilute a young fleet with minutes before its first run", () => {
    expect(pace([minute("07:00", 0, 0, 0), minute("07:03", 1, 300, 0.3), minute("07:04", 1, 100, 0.1)], now)).toEqual({
      tokensPerMinute: 200,
      dollarsPerHour: expect.closeTo(12),
      minutes: 2,
    });
  });
  it("fills minutes without runs with zero", () => {
    const made = series(
      [minute("07:01", 4, 10, 0)],
      Date.parse("2026-11-24T07:00:20Z"),
      Date.parse("2026-11-24T07:03:00Z"),
    );
    expect(made.runs).toEqual([0, 4, 0]);
  });
});
