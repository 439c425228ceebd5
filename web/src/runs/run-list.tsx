/** The list itself: rows of a fixed height, only those in view are in the document. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { type CSSProperties, type RefObject, useEffect, useMemo } from "react";
import type { Run } from "../api/types";
import { useNow } from "../parts/now";
import { rowHeight, usePrefs } from "../settings/prefs";
import { setParams, useHere } from "../url/navigation";
import { type CellContext, type Column, columnsOf, tracks } from "./columns";
import { ariaSort, nextSort } from "./filter";
import type { RunsList } from "./use-runs";

const LOAD_WITHIN_ROWS = 20;

type Props = {
  list: RunsList;
  sort: string;
  selected: string | null;
  choose: (run: Run) => void;
  linkOf: (run: Run) => string;
  scroller: RefObject<HTMLDivElement | null>;
  onScroll: () => void;
};

export function RunTable({ list, sort, selected, choose, linkOf, scroller, onScroll }: Props) {
  const height = rowHeight(usePrefs());
  const now = useNow();
  const named = useHere().params.get("cols");
  const columns = useMemo(() => columnsOf(named), [named]);
  const virtual = useVirtualizer({
    count: list.rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
  });
  const index = list.rows.findIndex((run) => run.run_id === selected);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another height of rows is the reason to measure
  useEffect(() => virtual.measure(), [virtual, height]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: follow the selection, not the rows that move under it
  useEffect(() => {
    if (index >= 0) virtual.scrollToIndex(index, { align: "auto" });
  }, [selected]);
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { more, loadingMore, loadMore } = list;
  useEffect(() => {
    if (more && !loadingMore && last >= list.rows.length - LOAD_WITHIN_ROWS) loadMore();
  });
  return (
    <div
      className="run-list"
      ref={scroller}
      onScroll={onScroll}
      tabIndex={0}
      role="grid"
      aria-label="Runs"
      aria-rowcount={list.rows.length + 1}
      aria-colcount={columns.length}
      style={tracks(columns) as CSSProperties}
    >
      <div role="rowgroup" className="run-head">
        <div role="row" className="run-row" aria-rowindex={1}>
          {columns.map((column) => (
            <HeadCell key={column.name} column={column} sort={sort} />
          ))}
        </div>
      </div>
      <div role="rowgroup" className="run-body" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const run = list.rows[item.index] as Run;
          return (
            <RunRow
              key={run.run_id}
              run={run}
              index={item.index}
              top={item.start}
              selected={run.run_id === selected}
              choose={choose}
              columns={columns}
              context={{ now, linkOf }}
            />
          );
        })}
      </div>
    </div>
  );
}

function HeadCell({ column, sort }: { column: Column; sort: string }) {
  const order = column.sort ? ariaSort(sort, column.sort) : undefined;
  const arrow = order === "descending" ? " ↓" : order === "ascending" ? " ↑" : "";
  return (
    <div role="columnheader" className={cellClass(column)} aria-sort={order}>
      {column.sort ? (
        <button
          type="button"
          className="plain"
          onClick={() => setParams({ sort: nextSort(sort, column.sort as string) })}
        >
          {column.title}
          {arrow}
        </button>
      ) : (
        column.title
      )}
    </div>
  );
}

function cellClass(column: Column): string {
  return `cell cell-${column.name}${column.num ? " num" : ""}${column.extra ? " extra" : ""}`;
}

type RowProps = {
  run: Run;
  index: number;
  top: number;
  selected: boolean;
  choose: (run: Run) => void;
  columns: readonly Column[];
  context: CellContext;
};

function RunRow({ run, index, top, selected, choose, columns, context }: RowProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: j, k and Enter are bound by the view
    <div
      role="row"
      className="run-row run-item"
      aria-rowindex={index + 2}
      aria-selected={selected}
      style={{ transform: `translateY(${top}px)` }}
      onClick={(event) => !event.defaultPrevented && choose(run)}
    >
      {columns.map((column) => (
        <div role="gridcell" key={column.name} className={cellClass(column)}>
          {column.cell(run, context)}
        </div>
      ))}
    </div>
  );
}
