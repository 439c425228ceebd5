import { describe, expect, it } from "vitest";
import { COLUMNS, columnsOf, columnsParam, tracks, USUAL } from "./columns";
import { sane, VIEWS_MAX, viewQuery, withView } from "./views";

describe("saved views", () => {
  it("keep filters, order, range and columns, and not what is selected", () => {
    const params = new URLSearchParams("agent=a&agent=b&sort=-cost_usd&cols=state&peek=1&tail=off&since=-6h");
    expect(viewQuery(params)).toBe("agent=a&agent=b&sort=-cost_usd&cols=state&since=-6h");
  });
  it("replace the view of the same name and drop the oldest beyond the limit", () => {
    const one = withView([], " slow ", "a=1");
    expect(one).toEqual([{ name: "slow", query: "a=1" }]);
    expect(withView(one, "slow", "a=2")).toEqual([{ name: "slow", query: "a=2" }]);
    expect(withView(one, "  ", "a=2")).toEqual(one);
    const many = Array.from({ length: VIEWS_MAX }, (_, i) => ({ name: `v${i}`, query: "" }));
    expect(withView(many, "new", "").map((view) => view.name)).toEqual([...many.slice(1).map((v) => v.name), "new"]);
  });
  it("take from storage only what are views", () => {
    expect(sane("no")).toEqual([]);
    expect(sane([{ name: "a", query: "b", more: 1 }, { name: 3, query: "" }, null, { name: "", query: "" }])).toEqual([
      { name: "a", query: "b" },
    ]);
  });
});

describe("chosen columns", () => {
  it("stand in the URL, in one order, and never lose state and agent", () => {
    expect(columnsOf(null)).toBe(USUAL);
    expect(columnsOf("cost,texts,nonsense").map((column) => column.name)).toEqual(["state", "agent", "cost", "texts"]);
    expect(columnsParam(USUAL)).toBeNull();
    expect(columnsParam(columnsOf("cost"))).toBe("state,agent,cost");
  });
  it("give the grid its tracks", () => {
    const made = tracks(columnsOf("cost,texts"));
    expect(made["--columns"]).toBe("80px minmax(120px, 2fr) 84px minmax(110px, 1.2fr)");
    expect(made["--columns-narrow"]).toBe("80px minmax(120px, 2fr) 84px");
    expect(made["--least"]).toBe("394px");
    expect(new Set(COLUMNS.map((column) => column.name)).size).toBe(COLUMNS.length);
  });
});
