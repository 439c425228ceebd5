import { describe, expect, it } from "vitest";
import type { Difference } from "../api/watched";
import { pickedFrom, pickedOf, pickedText, walked } from "../parts/brush";
import { stepped } from "../parts/list-keys";
import { chosenOf, contrastQuery, groupOf, isNews, oldOf } from "./ask";
import { differs } from "./differs";

const SEL = "2026-11-24T07:00:00.000Z~2026-11-24T07:12:00.000Z";

describe("a range chosen by keys", () => {
  it("walks with arrows and stops at the ends", () => {
    const last = walked(null, "ArrowLeft", false, 10);
    expect(last).toEqual({ at: 8, anchor: null });
    expect(walked({ at: 0, anchor: null }, "ArrowLeft", false, 10)).toEqual({ at: 0, anchor: null });
    expect(walked({ at: 4, anchor: null }, "End", false, 10)).toEqual({ at: 9, anchor: null });
    expect(walked({ at: 4, anchor: null }, "PageUp", false, 10)).toEqual({ at: 0, anchor: null });
    expect(walked({ at: 4, anchor: null }, "x", false, 10)).toBeNull();
    expect(walked(null, "ArrowLeft", false, 0)).toBeNull();
  });
  it("grows with shift from where it began, in both directions", () => {
    const one = walked({ at: 5, anchor: null }, "ArrowRight", true, 10);
    const two = walked(one, "ArrowRight", true, 10);
    expect(two).toEqual({ at: 7, anchor: 5 });
    expect(walked(two, "ArrowLeft", false, 10)).toEqual({ at: 6, anchor: null });
    const times = Array.from({ length: 10 }, (_, i) => i * 60);
    expect(pickedOf(two, times)).toEqual({ fromMs: 300_000, toMs: 420_000 });
    expect(pickedOf({ at: 3, anchor: 5 }, times)).toEqual({ fromMs: 180_000, toMs: 300_000 });
    expect([pickedOf(null, times), pickedOf({ at: 3, anchor: null }, times)]).toEqual([null, null]);
  });
  it("stands in the URL and survives what is no range", () => {
    const picked = pickedFrom(SEL);
    expect(picked && pickedText(picked)).toBe(SEL);
    expect([null, "", "x~y", SEL.split("~").reverse().join("~")].map(pickedFrom)).toEqual([null, null, null, null]);
  });
});

describe("what is compared", () => {
  const bounds = { since: "-60m", until: null };
  it("is nothing until something is chosen", () => {
    expect(chosenOf(new URLSearchParams("agent=x"))).toBeNull();
    expect(chosenOf(new URLSearchParams("group=agent=x&how=failed"))).toEqual({
      picked: null,
      group: ["agent=x"],
      how: "failed",
    });
  });
  it("compares a range with the rest of the window", () => {
    const chosen = chosenOf(new URLSearchParams({ sel: SEL }));
    expect(chosen && contrastQuery(chosen, bounds)).toEqual({
      ...bounds,
      where: [],
      against: [],
      where_since: "2026-11-24T07:00:00.000Z",
      where_until: "2026-11-24T07:12:00.000Z",
    });
  });
  it("compares a group in a range with the same group at other times", () => {
    const query = contrastQuery({ picked: pickedFrom(SEL), group: ["agent=a"], how: "these" }, bounds);
    expect(query).toMatchObject({ since: "-60m", where: ["agent=a"], against: ["agent=a"] });
  });
  it("compares a group with all others, and the failed with the others of the group", () => {
    expect(contrastQuery({ picked: null, group: ["agent=a"], how: "these" }, bounds)).toEqual({
      ...bounds,
      where: ["agent=a"],
    });
    expect(contrastQuery({ picked: pickedFrom(SEL), group: ["agent=a"], how: "failed" }, bounds)).toEqual({
      since: "2026-11-24T07:00:00.000Z",
      until: "2026-11-24T07:12:00.000Z",
      where: ["failed", "agent=a"],
      against: ["agent=a"],
    });
  });
  it("holds a new version against the old one of its cohort", () => {
    const deploy = { part: "prompt_version", old: "v6", new: "v7", opened_at: "" };
    expect(oldOf({ cohort: { agent: "a" }, deploy })).toEqual(["agent=a", "prompt_version=v6"]);
    expect(oldOf({ cohort: { agent: "a" }, deploy: { ...deploy, old: null } })).toEqual(["agent=a", "prompt_version="]);
    expect(oldOf({ cohort: { agent: "a" }, deploy: null })).toBeNull();
    const query = contrastQuery({ picked: null, group: ["agent=a"], how: "these", against: ["agent=b"] }, bounds);
    expect(query).toEqual({ ...bounds, where: ["agent=a"], against: ["agent=b"] });
  });
  it("does not tell as news what was chosen by", () => {
    const one = (key: string, value: string | null, verdict = "more_often") => ({ key, value, verdict }) as Difference;
    const failed = { picked: null, group: ["agent=a"], how: "failed" as const };
    expect(isNews(one("tool", "refund"), failed)).toBe(true);
    expect(isNews(one("tool", "refund", "no_difference_shown"), failed)).toBe(false);
    expect(isNews(one("agent", "a"), failed)).toBe(false);
    expect(isNews(one("error_class", null), failed)).toBe(false);
    expect(isNews(one("error_class", null), { ...failed, how: "these" })).toBe(true);
  });
  it("asks only for names that runs can be chosen by", () => {
    expect(groupOf({ agent: "a", tool: "refund", prompt_version: null })).toEqual(["agent=a", "prompt_version="]);
  });
});

describe("facts beside a healthy run", () => {
  it("differ from half as much again on", () => {
    expect([differs(15, 10), differs(14, 10), differs(10, 15), differs(0, 0), differs(0, 3)]).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
    expect([differs("a", "b"), differs("a", "a"), differs(null, 4), differs(null, "a")]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });
});

describe("stepping through a list", () => {
  it("begins at the first and stops at the ends", () => {
    expect([stepped(["a", "b"], null, 1), stepped(["a", "b"], "a", 1), stepped(["a", "b"], "b", 1)]).toEqual([
      "a",
      "b",
      "b",
    ]);
    expect([stepped(["a", "b"], "a", -1), stepped(["a", "b"], "gone", 1), stepped([], null, 1)]).toEqual([
      "a",
      "a",
      undefined,
    ]);
  });
});
