/** The graph: agents, models and tools as boxes with counts; an edge is who called whom and how often. */

import { useMemo } from "react";
import { plural, short } from "../words/numbers";
import { milliseconds } from "../words/time";
import { type Graph, type GraphEdge, type GraphNode, graphOf } from "./graph";
import { kindToken, kindWord } from "./kinds";
import type { Outline } from "./outline";

const BOX = { width: 190, height: 46, gapX: 90, gapY: 16, margin: 12 };

type Props = { outline: Outline; selected: number; hits: Uint8Array | null; select: (row: number) => void };

export function GraphView({ outline, selected, hits, select }: Props) {
  const graph = useMemo(() => graphOf(outline), [outline]);
  const chosen = selected < 0 ? null : keyOfSelected(graph, outline, selected);
  const layers = Math.max(1, ...graph.nodes.map((node) => node.layer + 1));
  const tallest = Math.max(1, ...graph.nodes.map((node) => node.place + 1));
  const width = layers * (BOX.width + BOX.gapX) + BOX.margin * 2;
  const height = tallest * (BOX.height + BOX.gapY) + BOX.margin * 2 + 20;
  return (
    <div className="graph" role="region" aria-label="Graph of the run" tabIndex={0}>
      <p className="muted graph-help">
        A box is all spans of one agent, model or tool; a number on a line is how often it was called. A box opens its
        first span (its first error when there is one); ] goes on.
        {graph.left > 0 && ` ${plural(graph.left, "box", "boxes")} with the fewest spans left out.`}
      </p>
      <svg width={width} height={height} className="graph-picture">
        <title>Who called whom in this run</title>
        {graph.edges.map((edge) => (
          <Edge key={`${edge.from} ${edge.to}`} edge={edge} graph={graph} />
        ))}
        {graph.nodes.map((node) => (
          <Box
            key={node.key}
            node={node}
            selected={node.key === chosen}
            hit={hits !== null && hits[node.firstRow] === 1}
            select={() => select(node.firstError >= 0 ? node.firstError : node.firstRow)}
          />
        ))}
      </svg>
    </div>
  );
}

function keyOfSelected(graph: Graph, outline: Outline, selected: number): string | null {
  const span = outline.row(selected);
  const name = span.kind === "llm" ? span.model : span.kind === "agent" ? span.agent : span.tool;
  const key = span.synthetic ? "missing missing spans" : `${span.kind} ${name ?? span.name}`;
  return graph.nodes.some((node) => node.key === key) ? key : null;
}

const left = (node: GraphNode) => BOX.margin + node.layer * (BOX.width + BOX.gapX);
const top = (node: GraphNode) => BOX.margin + 20 + node.place * (BOX.height + BOX.gapY);

type BoxProps = { node: GraphNode; selected: boolean; hit: boolean; select: () => void };

function Box({ node, selected, hit, select }: BoxProps) {
  const what = [
    plural(node.spans, node.kind === "agent" ? "run" : "call"),
    node.totalMs > 0 ? milliseconds(node.totalMs) : null,
    node.tokens === null ? null : `${short(node.tokens)} tokens`,
  ];
  const bad = node.errors > 0 ? plural(node.errors, "error") : null;
  return (
    <g
      className={`graph-box${selected ? " graph-selected" : ""}${hit ? " graph-hit" : ""}${node.kind === "missing" ? " graph-missing" : ""}`}
      transform={`translate(${left(node)} ${top(node)})`}
      role="button"
      tabIndex={0}
      aria-pressed={selected}
      onClick={select}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        select();
      }}
    >
      <rect width={BOX.width} height={BOX.height} rx="3" />
      <rect width="4" height={BOX.height} style={{ fill: `var(${kindToken(node.kind)})` }} className="graph-kind" />
      <text x="12" y="18">
        {clipped(node.name, 25)}
      </text>
      <text x="12" y="36" className="graph-counts">
        {clipped([kindWord(node.kind), ...what].filter(Boolean).join(" · "), bad ? 24 : 34)}
      </text>
      {bad && (
        <text x={BOX.width - 6} y="36" textAnchor="end" className="graph-bad">
          ✕ {node.errors}
        </text>
      )}
    </g>
  );
}

function clipped(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function Edge({ edge, graph }: { edge: GraphEdge; graph: Graph }) {
  const from = graph.nodes[edge.from] as GraphNode;
  const to = graph.nodes[edge.to] as GraphNode;
  const forward = to.layer > from.layer;
  const [x1, y1] = [left(from) + BOX.width, top(from) + BOX.height / 2];
  const [x2, y2] = forward ? [left(to), top(to) + BOX.height / 2] : [left(to) + BOX.width, top(to) + BOX.height / 2];
  const bend = forward ? (x2 - x1) / 2 : BOX.gapX * 0.7;
  const path = forward
    ? `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`
    : `M${x1} ${y1 - 6} C${x1 + bend} ${y1 - 40} ${x2 + bend} ${y2 + 20} ${x2} ${y2 + 6}`;
  const thick = Math.min(6, 1 + Math.log10(edge.calls));
  return (
    <g className={edge.repaired > 0 ? "graph-edge graph-repaired" : "graph-edge"}>
      <path d={path} strokeWidth={thick} className={edge.errors > 0 ? "graph-edge-bad" : ""}>
        <title>
          {from.name} called {to.name} {plural(edge.calls, "time")}
          {edge.errors > 0 ? `, ${plural(edge.errors, "error")}` : ""}
          {edge.repaired > 0 ? `, ${edge.repaired} by a repaired link` : ""}
        </title>
      </path>
      <text x={forward ? x2 - 8 : x1 + bend * 0.8} y={forward ? y2 - 5 : (y1 + y2) / 2} textAnchor="end">
        {short(edge.calls)}
      </text>
    </g>
  );
}
