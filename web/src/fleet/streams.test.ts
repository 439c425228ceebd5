import { describe, expect, it } from "vitest";
import type { Keys, Stream } from "../api/watched";
import { windowBefore } from "../url/range";
import { failingOf, movedOf, rowId, rowWords, speaksOf, streamsOf } from "./streams";

function stream(stream_id: string, cohort: Keys, given: Partial<Stream> = {}): Stream {
  const base = { signal: "failing", state: "quiet", evidence: 1, threshold: 100, deploy: null };
  return { ...base, stream_id, cohort, ...given } as Stream;
}

const deploy = { part: "prompt_version", old: "v6", new: "v7", opened_at: "" };
const row = (prompt_version: string | null) => ({ agent: "support", prompt_version, model: "mini" });

describe("streams of a row", () => {
  it("share a key and disagree in none", () => {
    expect(speaksOf(row("v7"), stream("c", { agent: "support", environment: "prod" }))).toBe(true);
    expect(speaksOf(row("v7"), stream("c", { agent: "billing", environment: "prod" }))).toBe(false);
    expect(speaksOf(row("v7"), stream("pooled", {}))).toBe(false);
    expect(speaksOf(row("v7"), stream("c", { environment: "prod" }))).toBe(false);
  });
  it("of a new version belong to the row of that version alone", () => {
    const test = stream("d", { agent: "support" }, { deploy });
    expect([row("v7"), row("v6"), row(null)].map((keys) => speaksOf(keys, test))).toEqual([true, false, false]);
    expect(speaksOf({ agent: "support" }, test)).toBe(true);
  });
  it("of the version go before those of its cohort, then the closest", () => {
    const list = [
      stream("cohort", { agent: "support" }, { evidence: 90 }),
      stream("far", { agent: "support" }, { deploy, evidence: 2, signal: "cost" }),
      stream("near", { agent: "support" }, { deploy, evidence: 50 }),
    ];
    expect(streamsOf(row("v7"), list).map((one) => one.stream_id)).toEqual(["near", "far", "cohort"]);
    expect(failingOf(row("v6"), list)?.stream_id).toBe("cohort");
    expect(failingOf(row("v7"), list)?.stream_id).toBe("near");
  });
  it("moved only when they rise or were reached", () => {
    const list = [
      stream("a", { agent: "support" }),
      stream("b", { agent: "support" }, { state: "rising", signal: "cost" }),
    ];
    expect(movedOf(row("v7"), list).map((one) => one.stream_id)).toEqual(["b"]);
  });
});

describe("rows", () => {
  it("have an id that tells unknown from another value", () => {
    expect(rowId({ keys: row(null) })).toBe("agent=support prompt_version= model=mini");
    expect(rowWords({ keys: row(null) })).toBe("support mini");
    expect(rowWords({ keys: { agent: null } })).toBe("not known");
  });
});

describe("the window before", () => {
  const now = Date.parse("2026-11-24T08:00:30Z");
  it("has the same length and ends where this one begins", () => {
    expect(windowBefore({ since: "-60m", until: null }, now, "-60m")).toEqual({
      since: "2026-11-24T06:00:00.000Z",
      until: "2026-11-24T07:00:00.000Z",
    });
    const frozen = { since: "2026-11-24T07:00:00Z", until: "2026-11-24T07:15:00Z" };
    expect(windowBefore(frozen, now, "-60m")).toEqual({
      since: "2026-11-24T06:45:00.000Z",
      until: "2026-11-24T07:00:00.000Z",
    });
  });
  it("is unknown where a bound cannot be read", () => {
    expect(windowBefore({ since: "soon", until: null }, now, "-60m")).toBeNull();
  });
});
