/** The tree of a run as rows. Pure: spans in, rows out. Parents come before children in what the API sends. */

import type { RunSpan } from "../api/types";

/** What the views keep of each span; a run may have 50,000, so nothing that is shown only on selection. */
export type SpanRow = Pick<
  RunSpan,
  | "span_id"
  | "tree_parent_span_id"
  | "name"
  | "op_kind"
  | "op_name"
  | "status"
  | "duration_ms"
  | "offset_ms"
  | "model_request"
  | "model_response"
  | "tool_name"
  | "agent_name"
  | "tokens_input"
  | "tokens_output"
  | "tokens_residual"
  | "cost_usd"
  | "error_class"
  | "repair_rule"
  | "synthetic"
  | "self_error"
>;

export interface Tree {
  byId: ReadonlyMap<string, SpanRow>;
  roots: readonly SpanRow[];
  children: ReadonlyMap<string, readonly SpanRow[]>;
}

export interface TreeRow {
  span: SpanRow;
  depth: number;
  children: number;
  collapsed: boolean;
}

export function slim(span: RunSpan): SpanRow {
  const { span_id, tree_parent_span_id, name, op_kind, op_name, status, duration_ms, offset_ms } = span;
  const { model_request, model_response, tool_name, agent_name, tokens_input, tokens_output, tokens_residual } = span;
  const { cost_usd, error_class, repair_rule, synthetic, self_error } = span;
  return {
    ...{ span_id, tree_parent_span_id, name, op_kind, op_name, status, duration_ms, offset_ms, model_request },
    ...{ model_response, tool_name, agent_name, tokens_input, tokens_output, tokens_residual, cost_usd, error_class },
    ...{ repair_rule, synthetic, self_error },
  };
}

/** Links spans to their parent after repair. A parent that is not among `spans` makes a root, so nothing is hidden. */
export function buildTree(spans: readonly SpanRow[]): Tree {
  const byId = new Map(spans.map((span) => [span.span_id, span]));
  const roots: SpanRow[] = [];
  const children = new Map<string, SpanRow[]>();
  for (const span of byId.values()) {
    const parent = span.tree_parent_span_id;
    if (parent === null || parent === "" || !byId.has(parent) || parent === span.span_id) roots.push(span);
    else push(children, parent, span);
  }
  for (const list of children.values()) list.sort(byStart);
  return { byId, roots: roots.sort(byStart), children };
}

function push(map: Map<string, SpanRow[]>, key: string, span: SpanRow): void {
  const list = map.get(key);
  if (list) list.push(span);
  else map.set(key, [span]);
}

function byStart(a: SpanRow, b: SpanRow): number {
  return a.offset_ms - b.offset_ms;
}

/** Depth first, skipping what is below a collapsed span. A stack of its own: runs may be thousands deep. */
export function flatten(tree: Tree, collapsed: ReadonlySet<string>): TreeRow[] {
  const rows: TreeRow[] = [];
  const stack: [SpanRow, number][] = [...tree.roots].reverse().map((span) => [span, 0]);
  while (stack.length > 0) {
    const [span, depth] = stack.pop() as [SpanRow, number];
    const below = tree.children.get(span.span_id) ?? [];
    const folded = collapsed.has(span.span_id) && below.length > 0;
    rows.push({ span, depth, children: below.length, collapsed: folded });
    if (!folded) for (let i = below.length - 1; i >= 0; i -= 1) stack.push([below[i] as SpanRow, depth + 1]);
  }
  return rows;
}

/** Ids from the parent up to the root. */
export function ancestors(tree: Tree, id: string): string[] {
  const found: string[] = [];
  const seen = new Set([id]);
  let parent = tree.byId.get(id)?.tree_parent_span_id ?? null;
  while (parent && !seen.has(parent)) {
    seen.add(parent);
    found.push(parent);
    parent = tree.byId.get(parent)?.tree_parent_span_id ?? null;
  }
  return found;
}

/** The next row after `fromId` (wrapping) that `wanted` accepts; null when there is none. */
export function nextMatching(
  rows: readonly TreeRow[],
  fromId: string | null,
  wanted: (span: SpanRow) => boolean,
): string | null {
  const start = rows.findIndex((row) => row.span.span_id === fromId);
  for (let step = 1; step <= rows.length; step += 1) {
    const row = rows[(start + step + rows.length) % rows.length] as TreeRow;
    if (wanted(row.span)) return row.span.span_id;
  }
  return null;
}

export function isFailed(span: SpanRow): boolean {
  return span.self_error || span.status === "error";
}

/** Case-insensitive search in what a row shows. */
export function matches(span: SpanRow, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return false;
  const shown = [
    span.name,
    span.op_kind,
    span.op_name,
    span.model_response,
    span.model_request,
    span.tool_name,
    span.agent_name,
    span.error_class,
    span.span_id,
  ];
  return shown.some((part) => part?.toLowerCase().includes(wanted));
}

/** After how many pages the tree is drawn anew: 1, 2, 4, 8, … A tree per page would be quadratic in a long run. */
export function milestone(pages: number): number {
  return pages === 0 ? 0 : 2 ** Math.floor(Math.log2(pages));
}
