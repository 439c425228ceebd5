import { describe, expect, it } from "vitest";
import type { CallContext, ContextChange, Message, OutlineAnswer } from "../api/types";
import { absentWords, callWords, partsOf, unitOf } from "./context";
import { folded } from "./context-diff";
import { type CallMessages, deltas } from "./conversation";
import { curlOf, spanSql } from "./copies";
import { graphOf, NODES_MAX } from "./graph";
import {
  ancestors,
  countOf,
  FAILED,
  hitsOf,
  MISSING,
  nextRow,
  type Outline,
  outlineOf,
  placeOfRow,
  rowsAtWork,
  rowsOfKind,
  sibling,
  visibleRows,
} from "./outline";
import { clamped, ticks, zoomed } from "./scale";

type Given = { id: string; parent: number; end: number; name?: string; kind?: string; flags?: number; rule?: string };

/** A page as the server sends it: rows in tree order. */
function page(rows: Given[], first = 0): OutlineAnswer {
  const texts: string[] = [];
  const place = (text: string | undefined) => {
    if (text === undefined) return -1;
    if (!texts.includes(text)) texts.push(text);
    return texts.indexOf(text);
  };
  const depths: number[] = [];
  for (const row of rows) depths.push(row.parent < 0 ? 0 : (depths[row.parent - first] ?? 0) + 1);
  const each = <T>(value: (row: Given, i: number) => T) => rows.map(value);
  const columns = {
    row: each((_, i) => first + i),
    trace: each(() => 0),
    span_id: each((row) => row.id),
    parent: each((row) => row.parent),
    depth: depths,
    end: each((row) => row.end),
    offset_us: each((_, i) => (first + i) * 1000),
    duration_us: each((row) => ((row.flags ?? 0) & MISSING ? null : 1000)),
    flags: each((row) => row.flags ?? 0),
    kind: each((row) => place(row.kind ?? "llm")),
    name: each((row) => place(row.name ?? `span ${row.id}`)),
    model: each((row) => place((row.kind ?? "llm") === "llm" ? "GPT-5-mini" : undefined)),
    tool: each(() => -1),
    agent: each((row) => place(row.kind === "agent" ? row.name : undefined)),
    error: each(() => -1),
    rule: each((row) => place(row.rule)),
    tokens_input: each(() => 100),
    tokens_output: each(() => null),
    cache_read: each(() => null),
    residual: each(() => null),
    cost_usd: each(() => null),
  };
  const buckets = null;
  return {
    run_id: "r",
    started_at: "",
    state: "whole",
    spans: 0,
    end_us: 9000,
    texts,
    traces: ["t"],
    columns,
    buckets,
    next_cursor: null,
  };
}

const SMALL: Given[] = [
  { id: "aa", parent: -1, end: 5, name: "lead", kind: "agent" },
  { id: "bb", parent: 0, end: 3, name: "worker", kind: "agent" },
  { id: "cc", parent: 1, end: 3, flags: FAILED },
  { id: "dd", parent: 0, end: 5, flags: MISSING, kind: "other" },
  { id: "ee", parent: 3, end: 5, rule: "to_root" },
];
const small = (): Outline => outlineOf([page(SMALL)]);

describe("the outline", () => {
  it("gives a row its texts, and unknown is null", () => {
    const row = small().row(2);
    expect(row).toMatchObject({ span_id: "cc", name: "span cc", model: "GPT-5-mini", tool: null, failed: true });
    expect([row.tokens_input, row.tokens_output, row.cost_usd]).toEqual([100, null, null]);
    expect(small().row(3)).toMatchObject({ synthetic: true, duration_ms: null });
  });
  it("joins pages, each with texts of its own", () => {
    const rest: Given[] = [{ id: "ff", parent: 0, end: 6, name: "lookup", kind: "tool" }];
    const both = outlineOf([page(SMALL), page(rest, 5)]);
    expect([both.count, both.row(5).name, both.row(5).kind, both.row(0).name]).toEqual([6, "lookup", "tool", "lead"]);
    expect(outlineOf([]).count).toBe(0);
  });
  it("hides what is below a folded span", () => {
    expect([...visibleRows(small(), new Set())]).toEqual([0, 1, 2, 3, 4]);
    const rows = visibleRows(small(), new Set(["bb"]));
    expect([...rows]).toEqual([0, 1, 3, 4]);
    expect([placeOfRow(rows, 3), placeOfRow(rows, 2)]).toEqual([2, -1]);
  });
  it("knows parents, siblings and the row of a span", () => {
    const outline = small();
    expect(ancestors(outline, 4)).toEqual([3, 0]);
    expect([sibling(outline, 1, 1), sibling(outline, 3, -1), sibling(outline, 2, 1)]).toEqual([3, 1, 2]);
    expect([outline.at("ee"), outline.at("zz"), outline.at(null)]).toEqual([4, -1, -1]);
  });
  it("knows who is at work in a part of the run", () => {
    const outline = small();
    const all = visibleRows(outline, new Set());
    expect([...rowsAtWork(outline, all, 1.5, 2.5, -1)]).toEqual([1, 2]);
    expect([...rowsAtWork(outline, all, 100, 200, 4)]).toEqual([4]);
  });
  it("searches texts once, and ids", () => {
    const outline = small();
    expect(countOf(hitsOf(outline, "gpt-5"))).toBe(2);
    expect([...(hitsOf(outline, "bb") ?? [])]).toEqual([0, 1, 0, 0, 0]);
    expect(countOf(hitsOf(outline, "TO_ROOT"))).toBe(1);
    expect(hitsOf(outline, " ")).toBeNull();
  });
  it("finds the next row and wraps", () => {
    const outline = small();
    expect(nextRow(outline, 2, (row) => outline.has(row, FAILED))).toBe(2);
    expect(nextRow(outline, -1, (row) => row === 4)).toBe(4);
    expect(nextRow(outline, 0, () => false)).toBe(-1);
    expect(rowsOfKind(outline, "llm")).toEqual([2, 4]);
  });
  it("holds 50,000 rows in a chain without recursion", () => {
    const n = 50000;
    const chain = Array.from({ length: n }, (_, i) => ({ id: i.toString(16), parent: i - 1, end: n, name: "x" }));
    const outline = outlineOf([page(chain)]);
    expect(outline.depth[n - 1]).toBe(n - 1);
    expect(visibleRows(outline, new Set(["0"])).length).toBe(1);
    expect(ancestors(outline, n - 1).length).toBe(n - 1);
  });
});

describe("the graph", () => {
  it("is agents and models with who called whom", () => {
    const graph = graphOf(small());
    expect(graph.nodes.map((node) => [node.kind, node.name, node.spans, node.errors, node.layer])).toEqual([
      ["agent", "lead", 1, 0, 0],
      ["agent", "worker", 1, 0, 1],
      ["llm", "GPT-5-mini", 2, 1, 2],
      ["missing", "missing spans", 1, 0, 1],
    ]);
    const edges = graph.edges.map((edge) => [edge.from, edge.to, edge.calls, edge.errors, edge.repaired]);
    expect(edges).toEqual([
      [0, 1, 1, 0, 0],
      [1, 2, 1, 1, 0],
      [0, 3, 1, 0, 0],
      [3, 2, 1, 0, 1],
    ]);
  });
  it("says how many boxes were left out", () => {
    const many = Array.from({ length: NODES_MAX + 9 }, (_, i) => ({
      id: String(i),
      parent: i ? 0 : -1,
      end: i ? i + 1 : 69,
      name: `a${i}`,
      kind: "agent",
    }));
    const graph = graphOf(outlineOf([page(many)]));
    expect([graph.nodes.length, graph.left]).toEqual([NODES_MAX, 9]);
  });
  it("lays out a cycle", () => {
    const loop: Given[] = [
      { id: "1", parent: -1, end: 3, name: "a", kind: "agent" },
      { id: "2", parent: 0, end: 3, name: "b", kind: "agent" },
      { id: "3", parent: 1, end: 3, name: "a", kind: "agent" },
    ];
    expect(graphOf(outlineOf([page(loop)])).nodes.map((node) => node.layer)).toEqual([0, 1]);
    expect(graphOf(outlineOf([])).nodes).toEqual([]);
  });
});

const context = (extra: Partial<CallContext>): CallContext => ({
  trace_id: "t",
  span_id: "s",
  previous_span_id: null,
  agent: "desk",
  model: null,
  offset_ms: 0,
  tokens_input: 1000,
  cache_read: null,
  content_state: "present",
  absent: null,
  messages: 2,
  chars: { tools: 0, system: 300, user: 100, assistant: 0, tool_results: 0 },
  chars_total: 400,
  shared_chars: null,
  cut: null,
  cache: "unknown",
  ...extra,
});

describe("the context strip", () => {
  it("divides the tokens of a call by the characters of its parts", () => {
    expect(partsOf(context({}), "tokens")).toEqual([0, 750, 250, 0, 0]);
    expect(partsOf(context({ chars: null, chars_total: null }), "tokens")).toBeNull();
    expect(partsOf(context({ tokens_input: null }), "tokens")).toBeNull();
  });
  it("measures in characters when nobody reported tokens", () => {
    expect(unitOf([context({ tokens_input: null })])).toBe("characters");
    expect(partsOf(context({ tokens_input: null }), "characters")).toEqual([0, 300, 100, 0, 0]);
  });
  it("says sharing, cuts and the cache in words", () => {
    const words = callWords(context({ shared_chars: 200, cut: 3, cache: "hit", cache_read: 512 }), 7);
    expect(words).toContain("call 7 · desk; 1,000 tokens; system 75 %, user 25 %; 50 % the same");
    expect(words).toContain("3 earlier messages cut or rewritten; 512 tokens read from the provider's cache");
  });
  it("says why messages are not there", () => {
    expect(absentWords({ content_state: "sampled", absent: { reason: "sampled", bytes: 2048 } })).toBe(
      "messages not kept: not chosen by the sampling of texts (2 KB)",
    );
    expect(absentWords({ content_state: "absent", absent: null })).toBe("messages not sent by the producer");
  });
  it("folds neighbours that were kept", () => {
    const change = (name: ContextChange["change"]) => ({ change: name }) as ContextChange;
    const groups = folded([change("kept"), change("kept"), change("added"), change("added"), change("kept")]);
    expect(groups.map((group) => group.length)).toEqual([2, 1, 1, 1]);
  });
});

describe("what can be taken along", () => {
  it("quotes for a shell and for SQL", () => {
    expect(curlOf("/api/v1/runs/it's", "http://h")).toBe("curl -s 'http://h/api/v1/runs/it%27s'");
    const sql = spanSql("o'p", { trace_id: "00000000000000010000000000000002", span_id: "ffffffffffffffff" });
    expect(sql).toContain("project = 'o''p' AND trace_hi = 1 AND trace_lo = 2 AND span_id = 18446744073709551615;");
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
