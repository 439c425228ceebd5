/**
 * Who called whom: spans of one agent, model or tool are one node with counts, calls between them one edge.
 * Pure. Layers by distance from where the run begins, so that it reads from left to right.
 */

import { FAILED, MISSING, type Outline } from "./outline";

export interface GraphNode {
  key: string;
  kind: string;
  name: string;
  spans: number;
  errors: number;
  missing: number;
  totalMs: number;
  tokens: number | null;
  /** Rows of its spans that were seen first and that failed first; -1 = none. */
  firstRow: number;
  firstError: number;
  layer: number;
  place: number;
}

export interface GraphEdge {
  from: number;
  to: number;
  calls: number;
  errors: number;
  /** Calls whose parent was found by a repair. */
  repaired: number;
}

export interface Graph {
  nodes: readonly GraphNode[];
  edges: readonly GraphEdge[];
  /** Nodes that were left out for want of room. */
  left: number;
}

/** More boxes than this are read by nobody; those with fewest spans are left out, and it is said. */
export const NODES_MAX = 60;

/** Kinds that are no party of a conversation: what is below them is called by whoever is above. */
const THROUGH = new Set(["other"]);

function nameOf(outline: Outline, row: number): string {
  const kind = outline.kindOf(row);
  const own = kind === "llm" ? outline.model[row] : kind === "agent" ? outline.agent[row] : outline.tool[row];
  return outline.text(own ?? -1) ?? outline.text(outline.name[row] as number) ?? kind;
}

export function graphOf(outline: Outline): Graph {
  const nodes: GraphNode[] = [];
  const places = new Map<string, number>();
  const edges = new Map<string, GraphEdge>();
  const owner = new Int32Array(outline.count).fill(-1);
  for (let row = 0; row < outline.count; row += 1) {
    const above = outline.parent[row] as number;
    const caller = above >= 0 && above < row ? (owner[above] as number) : -1;
    const kind = outline.has(row, MISSING) ? "missing" : outline.kindOf(row);
    if (THROUGH.has(kind)) {
      owner[row] = caller;
      continue;
    }
    const at = seen(nodes, places, outline, row, kind);
    owner[row] = at;
    tell(nodes[at] as GraphNode, outline, row);
    if (caller >= 0) called(edges, caller, at, outline, row);
  }
  return arranged(nodes, [...edges.values()]);
}

function seen(nodes: GraphNode[], places: Map<string, number>, outline: Outline, row: number, kind: string): number {
  const name = kind === "missing" ? "missing spans" : nameOf(outline, row);
  const key = `${kind} ${name}`;
  const known = places.get(key);
  if (known !== undefined) return known;
  places.set(key, nodes.length);
  const counts = { spans: 0, errors: 0, missing: 0, totalMs: 0, tokens: null, firstRow: row, firstError: -1 };
  return nodes.push({ key, kind, name, ...counts, layer: -1, place: 0 }) - 1;
}

function tell(node: GraphNode, outline: Outline, row: number): void {
  node.spans += 1;
  if (outline.has(row, FAILED)) {
    node.errors += 1;
    if (node.firstError < 0) node.firstError = row;
  }
  if (outline.has(row, MISSING)) node.missing += 1;
  node.totalMs += outline.duration[row] || 0;
  const tokens = [outline.tokensIn[row] as number, outline.tokensOut[row] as number].filter((n) => !Number.isNaN(n));
  if (tokens.length > 0) node.tokens = tokens.reduce((sum, n) => sum + n, node.tokens ?? 0);
}

function called(edges: Map<string, GraphEdge>, from: number, to: number, outline: Outline, row: number): void {
  const key = `${from} ${to}`;
  const edge = edges.get(key) ?? { from, to, calls: 0, errors: 0, repaired: 0 };
  edge.calls += 1;
  if (outline.has(row, FAILED)) edge.errors += 1;
  if ((outline.rule[row] as number) >= 0) edge.repaired += 1;
  edges.set(key, edge);
}

/** Layers by distance from the first node (and from any node that nobody calls); within a layer by first appearance. */
function arranged(all: readonly GraphNode[], edges: readonly GraphEdge[]): Graph {
  const kept = [...all.keys()].sort((a, b) => (all[b] as GraphNode).spans - (all[a] as GraphNode).spans);
  const chosen = new Set(kept.slice(0, NODES_MAX));
  const index = new Map([...chosen].sort((a, b) => a - b).map((old, i) => [old, i]));
  const nodes = [...index.keys()].map((old) => ({ ...(all[old] as GraphNode) }));
  const inside = edges
    .filter((edge) => index.has(edge.from) && index.has(edge.to))
    .map((edge) => ({ ...edge, from: index.get(edge.from) as number, to: index.get(edge.to) as number }));
  layer(nodes, inside);
  const rows = new Map<number, number>();
  for (const node of nodes) {
    node.place = rows.get(node.layer) ?? 0;
    rows.set(node.layer, node.place + 1);
  }
  return { nodes, edges: inside, left: all.length - nodes.length };
}

function layer(nodes: GraphNode[], edges: readonly GraphEdge[]): void {
  const targets = new Set(edges.filter((edge) => edge.from !== edge.to).map((edge) => edge.to));
  let front = nodes.map((_, i) => i).filter((i) => i === 0 || !targets.has(i));
  for (let depth = 0; front.length > 0; depth += 1) {
    for (const i of front) (nodes[i] as GraphNode).layer = depth;
    const next = new Set<number>();
    for (const edge of edges)
      if (front.includes(edge.from) && (nodes[edge.to] as GraphNode).layer < 0) next.add(edge.to);
    front = [...next];
    if (front.length === 0) {
      // A cycle that nobody enters from outside: it begins at its first node.
      const rest = nodes.findIndex((node) => node.layer < 0);
      if (rest >= 0) front = [rest];
    }
  }
}
