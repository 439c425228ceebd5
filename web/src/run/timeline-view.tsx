/** The timeline: one canvas, only what is in view is drawn. Wheel zooms at the cursor, drag pans, keys do both. */

import { type PointerEvent, type RefObject, useEffect, useMemo, useRef, useState } from "react";
import type { OutlineBuckets } from "../api/types";
import { useKeys } from "../parts/keys";
import { count } from "../words/numbers";
import { AXIS, draw, LANE, type Picture } from "./draw";
import { Minimap } from "./minimap";
import { type Outline, placeOfRow, rowsAtWork } from "./outline";
import { panned, type Span1D, zoomed } from "./scale";
import { usePainting } from "./use-painting";

type Props = {
  outline: Outline;
  rows: Int32Array;
  hits: Uint8Array | null;
  buckets: OutlineBuckets | null;
  selected: number;
  select: (row: number) => void;
};

/** Zoom per wheel unit: one notch (100) is a fifth. */
const ZOOM_PER_UNIT = 0.002;

function clampTop(top: number, rows: number, height: number): number {
  return Math.min(Math.max(0, top), Math.max(0, rows * LANE + AXIS - height));
}

/** From this many rows on, a part of the run shows only the spans at work in it: the others would be empty lanes. */
const MANY = 200;

export function TimelineView({ outline, rows: all, hits, buckets, selected, select }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const whole: Span1D = { from: 0, to: outline.totalMs };
  const [asked, setAsked] = useState<Span1D | null>(null);
  const [top, setTop] = useState(0);
  const [held, setHeld] = useState(false);
  const view = asked ?? whole;
  const part = asked !== null && all.length > MANY;
  const rows = useRowsInView(outline, all, part ? view : null, held, selected);
  const height = () => canvas.current?.clientHeight ?? 400;
  const scroll = (by: number) => setTop((now) => clampTop(now + by, rows.length, height()));
  const zoom = (share: number, factor: number) => setAsked((now) => zoomed(now ?? whole, whole, share, factor));
  const pan = (share: number) => setAsked((now) => panned(now ?? whole, whole, share));
  usePainting<Picture>(canvas, draw, { outline, rows, hits, view, top, selected });
  useWheel(canvas, zoom, scroll);
  useReveal(placeOfRow(rows, selected), rows.length, height, setTop);
  useKeys({
    ...{ "+": () => zoom(0.5, 0.8), "=": () => zoom(0.5, 0.8), "-": () => zoom(0.5, 1.25), "0": () => setAsked(null) },
    ...{
      ArrowLeft: () => pan(-0.1),
      ArrowRight: () => pan(0.1),
      ArrowUp: () => scroll(-LANE * 3),
      ArrowDown: () => scroll(LANE * 3),
    },
    ...{ PageUp: () => scroll(-height()), PageDown: () => scroll(height()), Home: () => setTop(0) },
  });
  const click = (y: number) => {
    const row = rows[Math.floor((y - AXIS + top) / LANE)];
    if (row !== undefined) select(row);
  };
  const drag = useDrag({ canvas, pan, scroll, click, hold: setHeld });
  return (
    <div className="timeline">
      <Minimap buckets={buckets} view={view} totalMs={outline.totalMs} look={setAsked} />
      <p className="muted timeline-help">
        Wheel zooms at the cursor (with shift: scrolls), drag pans, + − 0 and arrows do it by keys. Underlined: the
        critical path. {part && `${count(rows.length)} of ${count(all.length)} spans are at work here. `}
        <button type="button" className="plain" onClick={() => setAsked(null)}>
          whole run
        </button>
      </p>
      <canvas
        ref={canvas}
        className="lanes"
        tabIndex={0}
        role="img"
        aria-label={`Timeline of ${rows.length} spans over ${Math.round(outline.totalMs)} ms. The tree has the same as text.`}
        {...drag}
      />
      <p className="off-screen" role="status">
        {selected >= 0 ? `Selected: ${outline.row(selected).name}` : ""}
      </p>
    </div>
  );
}

/** React listens to wheels passively; the page must not scroll while the timeline zooms. */
function useWheel(
  canvas: RefObject<HTMLCanvasElement | null>,
  zoom: (share: number, factor: number) => void,
  scroll: (by: number) => void,
): void {
  const latest = useRef({ zoom, scroll });
  latest.current = { zoom, scroll };
  useEffect(() => {
    const home = canvas.current;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      // A browser may turn a wheel with shift into a sideways one.
      if (event.shiftKey) latest.current.scroll(event.deltaY || event.deltaX);
      else {
        const share = event.offsetX / (home as HTMLCanvasElement).clientWidth;
        latest.current.zoom(share, Math.exp(event.deltaY * ZOOM_PER_UNIT));
      }
    };
    home?.addEventListener("wheel", wheel, { passive: false });
    return () => home?.removeEventListener("wheel", wheel);
  }, [canvas]);
}

/** Brings the selected row into view when another one is selected. */
function useReveal(
  index: number,
  total: number,
  height: () => number,
  setTop: (next: (now: number) => number) => void,
): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: follow the selection only
  useEffect(() => {
    if (index < 0) return;
    const y = index * LANE;
    const room = height() - AXIS - LANE;
    setTop((now) => (y < now || y > now + room ? clampTop(y - room / 2, total, height()) : now));
  }, [index, total]);
}

/** A window that ends before it begins: the whole run. */
const NOWHERE = [1, 0] as const;

/** The rows of a part of the run. While it is dragged they stay as they are: lanes must not jump under the hand. */
function useRowsInView(
  outline: Outline,
  all: Int32Array,
  view: Span1D | null,
  held: boolean,
  selected: number,
): Int32Array {
  const shown = useRef<{ all: Int32Array; rows: Int32Array } | null>(null);
  const [from, to] = view === null ? NOWHERE : [view.from, view.to];
  const rows = useMemo(
    () => (to < from ? all : rowsAtWork(outline, all, from, to, selected)),
    [outline, all, from, to, selected],
  );
  if (!held || shown.current?.all !== all) shown.current = { all, rows };
  return shown.current.rows;
}

type DragProps = {
  canvas: RefObject<HTMLCanvasElement | null>;
  pan: (share: number) => void;
  scroll: (by: number) => void;
  click: (y: number) => void;
  hold: (held: boolean) => void;
};

/** A press that moves less than this is a click. */
const CLICK_WITHIN_PX = 4;

function useDrag({ canvas, pan, scroll, click, hold }: DragProps) {
  const held = useRef<{ x: number; y: number; moved: number } | null>(null);
  return {
    onPointerDown: (event: PointerEvent) => {
      canvas.current?.setPointerCapture(event.pointerId);
      held.current = { x: event.clientX, y: event.clientY, moved: 0 };
      hold(true);
    },
    onPointerMove: (event: PointerEvent) => {
      const from = held.current;
      if (!from || !canvas.current) return;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      held.current = { x: event.clientX, y: event.clientY, moved: from.moved + Math.abs(dx) + Math.abs(dy) };
      if (dx !== 0) pan(-dx / canvas.current.clientWidth);
      if (dy !== 0) scroll(-dy);
    },
    onPointerUp: (event: PointerEvent) => {
      if (held.current && held.current.moved < CLICK_WITHIN_PX) click(event.nativeEvent.offsetY);
      held.current = null;
      hold(false);
    },
    onPointerCancel: () => {
      held.current = null;
      hold(false);
    },
  };
}
