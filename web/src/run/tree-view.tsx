/** The tree of a run: virtual rows, fold and unfold, a small bar of when. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useRef } from "react";
import { Mark } from "../parts/icons";
import { useKeys } from "../parts/keys";
import { rowHeight, usePrefs } from "../settings/prefs";
import { dollars, short } from "../words/numbers";
import { milliseconds } from "../words/time";
import { Kind } from "./kinds";
import { type Outline, placeOfRow, type SpanRow } from "./outline";

/** Deeper levels are drawn at this indent with their depth as a number. */
const INDENTS_MAX = 16;

export interface TreeProps {
  outline: Outline;
  rows: Int32Array;
  folded: ReadonlySet<string>;
  hits: Uint8Array | null;
  selected: number;
  select: (row: number) => void;
  toggle: (row: number) => void;
}

export function TreeView(props: TreeProps) {
  const { outline, rows, folded, hits, selected, select, toggle } = props;
  const height = rowHeight(usePrefs());
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
  });
  const index = placeOfRow(rows, selected);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another height of rows is the reason to measure
  useEffect(() => virtual.measure(), [virtual, height]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: follow the selection only
  useEffect(() => {
    if (index >= 0) virtual.scrollToIndex(index, { align: "auto" });
  }, [selected]);
  useTreeKeys(props, index);
  const latest = useRef({ select, toggle });
  latest.current = { select, toggle };
  const act = useRef({
    select: (row: number) => latest.current.select(row),
    toggle: (row: number) => latest.current.toggle(row),
  });
  return (
    <div
      className="tree"
      ref={scroller}
      tabIndex={0}
      role="tree"
      aria-label="Spans of the run"
      aria-activedescendant={index >= 0 ? `span-${outline.ids[selected]}` : undefined}
    >
      <div className="tree-body" role="presentation" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index] as number;
          return (
            <Row
              key={row}
              outline={outline}
              row={row}
              top={item.start}
              folded={folded.has(outline.ids[row] as string)}
              selected={row === selected}
              hit={hits?.[row] === 1}
              act={act.current}
            />
          );
        })}
      </div>
    </div>
  );
}

function useTreeKeys({ outline, rows, folded, selected, select, toggle }: TreeProps, index: number): void {
  const to = (i: number) => rows.length > 0 && select(rows[Math.min(Math.max(i, 0), rows.length - 1)] as number);
  const below = selected >= 0 && (outline.end[selected] as number) > selected + 1;
  const open = below && !folded.has(outline.ids[selected] as string);
  const left = () => {
    if (selected < 0) return;
    if (open) toggle(selected);
    else if ((outline.parent[selected] as number) >= 0) select(outline.parent[selected] as number);
  };
  const right = () => {
    if (!below) return;
    if (open) to(index + 1);
    else toggle(selected);
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
  outline: Outline;
  row: number;
  top: number;
  folded: boolean;
  selected: boolean;
  hit: boolean;
  act: { select: (row: number) => void; toggle: (row: number) => void };
};

function rowClass(span: SpanRow, hit: boolean): string {
  return `tree-row${span.synthetic ? " missing" : ""}${hit ? " hit" : ""}${span.critical ? " critical" : ""}`;
}

/** Scrolling moves rows and does not change them, so what is drawn once stays. */
const Row = memo(function Row({ outline, row, top, folded, selected, hit, act }: RowProps) {
  const span = outline.row(row);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: arrows and brackets are bound by the view
    <div
      id={`span-${span.span_id}`}
      className={rowClass(span, hit)}
      role="treeitem"
      aria-level={span.depth + 1}
      aria-selected={selected}
      aria-expanded={span.children ? !folded : undefined}
      style={{ transform: `translateY(${top}px)` }}
      onClick={() => act.select(row)}
    >
      <Guides depth={span.depth} repaired={span.rule !== null} />
      <Fold span={span} folded={folded} toggle={() => act.toggle(row)} />
      <Kind kind={span.kind} />
      <Name span={span} />
      <span className="cell num tree-tokens">{tokensOf(span)}</span>
      <span className="cell num tree-cost">{span.cost_usd === null ? "" : dollars(span.cost_usd)}</span>
      <span className="cell num">{span.synthetic ? "" : milliseconds(span.duration_ms)}</span>
      <When span={span} totalMs={outline.totalMs} />
    </div>
  );
});

/** One element whatever the depth: the lines are a repeating background. */
function Guides({ depth, repaired }: { depth: number; repaired: boolean }) {
  const shown = Math.min(depth, INDENTS_MAX);
  return (
    <span className="guides" style={{ width: shown * 14 }} aria-hidden="true">
      {repaired && shown > 0 && <i className="guide-repaired" />}
      {depth > INDENTS_MAX && <small>{depth}</small>}
    </span>
  );
}

function Fold({ span, folded, toggle }: { span: SpanRow; folded: boolean; toggle: () => void }) {
  if (!span.children) return <span className="fold" />;
  return (
    <span
      className="fold"
      aria-hidden="true"
      onClick={(event) => {
        event.stopPropagation();
        toggle();
      }}
    >
      {folded ? "▸" : "▾"}
    </span>
  );
}

function Name({ span }: { span: SpanRow }) {
  const detail = span.kind === "llm" ? span.model : (span.tool ?? span.agent);
  return (
    <span className="tree-name">
      {span.failed && (
        <span className="bad-text">
          <Mark name="error" /> {span.error ?? "error"}
        </span>
      )}
      <span>{span.synthetic ? "missing span" : span.name}</span>
      {detail && detail !== span.name && <span className="muted">{detail}</span>}
      {span.rule && <span className="repair">repaired: {span.rule.replaceAll("_", " ")}</span>}
      {span.residual ? <span className="residual">residual {short(span.residual)}</span> : null}
    </span>
  );
}

function tokensOf(span: SpanRow): string {
  if (span.tokens_input === null && span.tokens_output === null) return "";
  return `${short(span.tokens_input)} → ${short(span.tokens_output)}`;
}

/** Where in the run's time the span lies; the critical path is underlined. */
function When({ span, totalMs }: { span: SpanRow; totalMs: number }) {
  const from = Math.min(100, (span.offset_ms / totalMs) * 100);
  const width = Math.max(0.5, Math.min(100 - from, ((span.duration_ms ?? 0) / totalMs) * 100));
  return (
    <svg className={`when when-${span.kind}`} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      {!span.synthetic && (
        <rect x={Math.max(0, from)} width={width} y="1" height="5" className={span.failed ? "when-bad" : ""} />
      )}
      {span.critical && <rect x={Math.max(0, from)} width={width} y="7" height="1" className="when-critical" />}
    </svg>
  );
}
