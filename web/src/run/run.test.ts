import { describe, expect, it } from "vitest";
import type { Message } from "../api/types";
import { type CallMessages, deltas } from "./conversation";
import { clamped, ticks, zoomed } from "./scale";
import { ancestors, buildTree, flatten, matches, milestone, nextMatching, type SpanRow } from "./tree";

function span(id: string, parent: string | null, offset = 0, extra: Partial<SpanRow> = {}): SpanRow {
  return {
    span_id: id,
    tree_parent_span_id: parent,
    name: `span ${id}`,
    op_kind: "llm",
    status: "ok",
    offset_ms: offset,
    self_error: false,
    ...extra,
  } as SpanRow;
}

describe("the tree", () => {
  const tree = buildTree([
    span("r", null),
    span("b", "r", 20),
    span("a", "r", 10),
    span("c", "a", 12, { self_error: true }),
    span("x", "gone", 5),
  ]);
  it("orders children by start and keeps spans whose parent is absent", () => {
    expect(flatten(tree, new Set()).map((row) => [row.span.span_id, row.depth])).toEqual([
      ["r", 0],
      ["a", 1],
      ["c", 2],
      ["b", 1],
      ["x", 0],
    ]);
  });
  it("hides what is below a collapsed span and says so", () => {
    const rows = flatten(tree, new Set(["a", "b"]));
    expect(rows.map((row) => row.span.span_id)).toEqual(["r", "a", "b", "x"]);
    expect(rows.map((row) => row.collapsed)).toEqual([false, true, false, false]);
  });
  it("walks up to the root", () => {
    expect(ancestors(tree, "c")).toEqual(["a", "r"]);
    expect(ancestors(tree, "r")).toEqual([]);
  });
  it("finds the next match and wraps", () => {
    const rows = flatten(tree, new Set());
    expect(nextMatching(rows, "c", (one) => one.self_error)).toBe("c");
    expect(nextMatching(rows, null, (one) => one.self_error)).toBe("c");
    expect(nextMatching(rows, "x", (one) => one.span_id === "r")).toBe("r");
    expect(nextMatching(rows, "r", () => false)).toBeNull();
  });
  it("searches what a row shows", () => {
    expect(matches(span("q", null, 0, { model_response: "GPT-5-mini" }), "gpt-5")).toBe(true);
    expect(matches(span("q", null), "")).toBe(false);
  });
  it("draws a growing tree a logarithmic number of times", () => {
    expect([0, 1, 2, 3, 4, 7, 8, 100].map(milestone)).toEqual([0, 1, 2, 2, 4, 4, 8, 64]);
  });
  it("flattens a chain of 20,000 without recursion", () => {
    const chain = Array.from({ length: 20000 }, (_, i) => span(String(i), i === 0 ? null : String(i - 1), i));
    expect(flatten(buildTree(chain), new Set()).at(-1)?.depth).toBe(19999);
  });
});

const say = (role: string, content: string): Message => ({ role, parts: [{ type: "text", content }] });
const call = (spanId: string, input: Message[], output: Message[]): CallMessages => ({ spanId, input, output });

describe("the conversation", () => {
  const system = say("system", "be brief");
  const ask = say("user", "hello");
  const answer = say("assistant", "hi");
  it("shows only what each call added", () => {
    const found = deltas([
      call("1", [system, ask], [{ ...answer, finish_reason: "stop" }]),
      call("2", [system, ask, answer, say("user", "more")], []),
    ]);
    expect(found[0]).toMatchObject({ repeated: 0, continues: null });
    expect(found[1]).toMatchObject({ repeated: 3, dropped: 0, continues: "1", fresh: [say("user", "more")] });
  });
  it("says when the context was cut", () => {
    const found = deltas([call("1", [system, ask], [answer]), call("2", [system, say("user", "anew")], [])]);
    expect(found[1]).toMatchObject({ repeated: 1, dropped: 2, continues: "1" });
  });
  it("keeps two interleaved threads apart", () => {
    const other = say("system", "you are the critic");
    const found = deltas([
      call("1", [system, ask], [answer]),
      call("2", [other], [answer]),
      call("3", [system, ask, answer], []),
    ]);
    expect(found[1]).toMatchObject({ continues: null, repeated: 0 });
    expect(found[2]).toMatchObject({ continues: "1", repeated: 3 });
  });
});

describe("the scale", () => {
  const whole = { from: 0, to: 1000 };
  it("keeps the moment under the cursor when zooming", () => {
    const near = zoomed(whole, whole, 0.25, 0.5);
    expect(near).toEqual({ from: 125, to: 625 });
    expect(near.from + (near.to - near.from) * 0.25).toBe(250);
  });
  it("never leaves the run", () => {
    expect(clamped({ from: -500, to: 100 }, whole)).toEqual({ from: 0, to: 600 });
    expect(zoomed({ from: 900, to: 1000 }, whole, 1, 100)).toEqual(whole);
  });
  it("ticks at round moments", () => {
    expect(ticks(whole, 5)).toEqual([0, 200, 400, 600, 800, 1000]);
  });
});
