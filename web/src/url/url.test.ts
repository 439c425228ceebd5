import { describe, expect, it } from "vitest";
import type { Cohort } from "../api/types";
import { cohortLink, groupBy } from "../fleet/links";
import { activeCount, ariaSort, filterQuery, nextSort, stateOf, toggled } from "../runs/filter";
import { alertPath, changed, href, linkTo, placeOf, runPath, signalPath } from "./place";
import { boundMs, frozen, isLive, rangeWords } from "./range";

describe("places", () => {
  it("reads every path and survives unknown ones", () => {
    expect(["/", "/runs", "/runs/", "/health", "/settings", "/nowhere"].map((path) => placeOf(path).name)).toEqual([
      "fleet",
      "runs",
      "runs",
      "health",
      "settings",
      "lost",
    ]);
  });
  it("tells lists from one of them", () => {
    expect(placeOf("/fleet/signals")).toEqual({ name: "signals" });
    expect(placeOf(signalPath("a/b"))).toEqual({ name: "signal", streamId: "a/b" });
    expect(placeOf("/alerts/")).toEqual({ name: "alerts" });
    expect(placeOf(alertPath("x y"))).toEqual({ name: "alert", alertId: "x y" });
    expect(placeOf("/fleet").name).toBe("lost");
  });
  it("carries any run id through the path and back", () => {
    for (const id of ["abc", "a/b?c#d", "ü 漢字", "100%"])
      expect(placeOf(runPath(id))).toEqual({ name: "run", runId: id });
    expect(placeOf("/runs/%E0%A4%A")).toEqual({ name: "run", runId: "%E0%A4%A" });
  });
  it("keeps project and range between views, drops the rest", () => {
    const at = new URLSearchParams("project=p&since=-6h&peek=1&agent=x");
    expect(linkTo("/health", at)).toBe("/health?project=p&since=-6h");
    expect(linkTo("/runs", at, { agent: ["a", ""] })).toBe("/runs?project=p&since=-6h&agent=a&agent=");
  });
  it("removes what is set to nothing", () => {
    expect(href("/runs", changed(new URLSearchParams("q=a&sort=spans"), { q: null, sort: [] }))).toBe("/runs");
  });
});

describe("ranges", () => {
  const now = Date.parse("2026-11-24T08:00:00Z");
  it("knows live from frozen", () => {
    expect(isLive({ since: "-60m", until: null })).toBe(true);
    expect(isLive({ since: null, until: null })).toBe(true);
    expect(isLive({ since: "2026-11-24T07:00:00Z", until: "2026-11-24T08:00:00Z" })).toBe(false);
  });
  it("reads every form of bound", () => {
    expect(boundMs("-60m", now)).toBe(now - 3600000);
    expect(boundMs(String(now), now)).toBe(now);
    expect(boundMs("2026-11-24T08:00:00Z", now)).toBe(now);
    expect(boundMs("yesterday-ish", now)).toBeNull();
  });
  it("freezes at now", () => {
    expect(frozen({ since: "-60m", until: null }, now, "-60m")).toEqual({
      since: "2026-11-24T07:00:00.000Z",
      until: "2026-11-24T08:00:00.000Z",
    });
  });
  it("says the range in words", () => {
    expect(rangeWords({ since: "-60m", until: null }, "all time")).toBe("last 60 min");
    expect(rangeWords({ since: null, until: null }, "all time")).toBe("all time");
    expect(rangeWords({ since: "-90m", until: null }, "")).toBe("last 90m");
  });
});

describe("the runs filter", () => {
  const state = stateOf(new URLSearchParams("agent=a&agent=&q=x&has=error&since=-60m&sort=-spans&tail=off&peek=r1"));
  it("is read from the URL", () => {
    expect(state).toMatchObject({
      equals: { agent: ["a", ""] },
      text: "x",
      has: ["error"],
      sort: "-spans",
      paused: true,
      peek: "r1",
    });
    expect(activeCount(state)).toBe(4);
  });
  it("asks the API for the same, with unknown as the empty value", () => {
    expect(filterQuery(state, "default")).toEqual({
      project: "default",
      agent: ["a", ""],
      q: "x",
      has: ["error"],
      since: "-60m",
      until: null,
    });
  });
  it("switches values and orders", () => {
    expect(toggled(["a"], "b")).toEqual(["a", "b"]);
    expect(toggled(["a", "b"], "a")).toEqual(["b"]);
    expect([nextSort("started_at", "spans"), nextSort("spans", "spans"), nextSort("-spans", "spans")]).toEqual([
      "spans",
      "-spans",
      "spans",
    ]);
    expect([ariaSort("spans", "spans"), ariaSort("-spans", "spans"), ariaSort("x", "spans")]).toEqual([
      "descending",
      "ascending",
      "none",
    ]);
  });
});

describe("cohort links", () => {
  const cohort = { keys: { agent: "support", model: null } } as unknown as Cohort;
  it("leads to the runs of exactly this cohort and window", () => {
    expect(cohortLink(cohort, new URLSearchParams(), { status: "error" })).toBe(
      "/runs?since=-60m&agent=support&model=&status=error",
    );
    expect(cohortLink(cohort, new URLSearchParams("since=-6h"))).toBe("/runs?since=-6h&agent=support&model=");
  });
  it("groups only by known keys", () => {
    expect(groupBy(new URLSearchParams("by=model,evil"))).toEqual(["model"]);
    expect(groupBy(new URLSearchParams())).toEqual(["agent", "prompt_version", "model"]);
  });
});
