/** The tree of a run: virtual rows, fold and unfold, a small bar of when. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { Mark } from "../parts/icons";
import { useKeys } from "../parts/keys";
import { rowHeight, usePrefs } from "../settings/prefs";
import { dollars, short } from "../words/numbers";
import { milliseconds } from "../words/time";
import { Kind } from "./kinds";
import { isFailed, matches, type SpanRow, type TreeRow } from "./tree";

/** Deeper levels are drawn at this indent with their depth as a number. */
const INDENTS_MAX = 16;

export interface TreeProps {
  rows: readonly TreeRow[];
  totalMs: number;
  selected: string | null;
  text: string;
  select: (id: string) => void;
  toggle: (id: string) => void;
}

export function TreeView(props: TreeProps) {
  const { rows, totalMs, selected, text, select, toggle } = props;
  const height = rowHeight(usePrefs());
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 16,
  });
  const index = rows.findIndex((row) => row.span.span_id === selected);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another height of rows is the reason to measure
  useEffect(() => virtual.measure(), [virtual, height]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: follow the selection only
  useEffect(() => {
    if (index >= 0) virtual.scrollToIndex(index, { align: "auto" });
  }, [selected]);
  useTreeKeys(props, index);
  return (
    <div
      className="tree"
      ref={scroller}
      tabIndex={0}
      role="tree"
      aria-label="Spans of the run"
      aria-activedescendant={index >= 0 ? `span-${selected}` : undefined}
    >
      <div className="tree-body" role="presentation" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index] as TreeRow;
          const id = row.span.span_id;
          return (
            <Row
              key={id}
              row={row}
              top={item.start}
              totalMs={totalMs}
              selected={id === selected}
              hit={matches(row.span, text)}
              select={() => select(id)}
              toggle={() => toggle(id)}
            />
          );
        })}
      </div>
    </div>
  );
}

function useTreeKeys({ rows, select, toggle }: TreeProps, index: number): void {
  const at = rows[index];
  const to = (i: number) => {
    const row = rows[Math.min(Math.max(i, 0), rows.length - 1)];
    if (row) select(row.span.span_id);
  };
  const left = () => {
    if (!at) return;
    if (at.children > 0 && !at.collapsed) toggle(at.span.span_id);
    else if (at.span.tree_parent_span_id) select(at.span.tree_parent_span_id);
  };
  const right = () => {
    if (!at || at.children === 0) return;
    if (at.collapsed) toggle(at.span.span_id);
    else to(index + 1);
  };
  useKeys({
    ArrowDown: () => to(index + 1),
    ArrowUp: () => to(index - 1),
    ArrowLeft: left,
    ArrowRight: right,
    Home: () => to(0),
    End: () => to(rows.length - 1),
    PageDown: () => to(index + 20),
    PageUp: () => to(index - 20),
  });
}

type RowProps = {
  row: TreeRow;
  top: number;
  totalMs: number;
  selected: boolean;
  hit: boolean;
  select: () => void;
  toggle: () => void;
};

function rowClass(span: SpanRow, hit: boolean): string {
  return `tree-row${span.synthetic ? " missing" : ""}${hit ? " hit" : ""}`;
}

function Row({ row, top, totalMs, selected, hit, select, toggle }: RowProps) {
  const { span } = row;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: arrows and brackets are bound by the view
    <div
      id={`span-${span.span_id}`}
      className={rowClass(span, hit)}
      role="treeitem"
      aria-level={row.depth + 1}
      aria-selected={selected}
      aria-expanded={row.children > 0 ? !row.collapsed : undefined}
      style={{ transform: `translateY(${top}px)` }}
      onClick={select}
    >
      <Guides depth={row.depth} repaired={span.repair_rule !== null} />
      <Fold row={row} toggle={toggle} />
      <Kind kind={span.op_kind} />
      <Name span={span} />
      <span className="cell num tree-tokens">{tokensOf(span)}</span>
      <span className="cell num tree-cost">{span.cost_usd === null ? "" : dollars(span.cost_usd)}</span>
      <span className="cell num">{span.synthetic ? "" : milliseconds(span.duration_ms)}</span>
      <When span={span} totalMs={totalMs} />
    </div>
  );
}

function Guides({ depth, repaired }: { depth: number; repaired: boolean }) {
  const shown = Math.min(depth, INDENTS_MAX);
  return (
    <span className="guides" style={{ width: shown * 14 }} aria-hidden="true">
      {Array.from({ length: shown }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a guide is its position
        <i key={i} className={repaired && i === shown - 1 ? "guide guide-repaired" : "guide"} />
      ))}
      {depth > INDENTS_MAX && <small>{depth}</small>}
    </span>
  );
}

function Fold({ row, toggle }: { row: TreeRow; toggle: () => void }) {
  if (row.children === 0) return <span className="fold" />;
  return (
    <span
      className="fold"
      aria-hidden="true"
      onClick={(event) => {
        event.stopPropagation();
        toggle();
      }}
    >
      {row.collapsed ? "▸" : "▾"}
    </span>
  );
}

function Name({ span }: { span: SpanRow }) {
  const detail =
    span.op_kind === "llm" ? (span.model_response ?? span.model_request) : (span.tool_name ?? span.agent_name);
  return (
    <span className="tree-name">
      {isFailed(span) && (
        <span className="bad-text">
          <Mark name="error" /> {span.error_class ?? "error"}
        </span>
      )}
      <span>{span.synthetic ? "missing span" : span.name}</span>
      {detail && detail !== span.name && <span className="muted">{detail}</span>}
      {span.repair_rule && <span className="repair">repaired: {span.repair_rule.replaceAll("_", " ")}</span>}
      {span.tokens_residual ? <span className="residual">residual {short(span.tokens_residual)}</span> : null}
    </span>
  );
}

function tokensOf(span: SpanRow): string {
  if (span.tokens_input === null && span.tokens_output === null) return "";
  return `${short(span.tokens_input)} → ${short(span.tokens_output)}`;
}

/** Where in the run's time the span lies. */
function When({ span, totalMs }: { span: SpanRow; totalMs: number }) {
  const from = Math.min(100, (span.offset_ms / totalMs) * 100);
  const width = Math.max(0.5, Math.min(100 - from, ((span.duration_ms ?? 0) / totalMs) * 100));
  return (
    <svg className={`when when-${span.op_kind}`} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      {!span.synthetic && (
        <rect x={Math.max(0, from)} width={width} y="1" height="6" className={isFailed(span) ? "when-bad" : ""} />
      )}
    </svg>
  );
}
