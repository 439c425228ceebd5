/** The timeline: one canvas, only what is in view is drawn. Wheel zooms at the cursor, drag pans, keys do both. */

import { type PointerEvent, type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { useKeys } from "../parts/keys";
import { usePrefs } from "../settings/prefs";
import { AXIS, draw, LANE } from "./draw";
import { panned, type Span1D, zoomed } from "./scale";
import type { TreeRow } from "./tree";

type Props = {
  rows: readonly TreeRow[];
  totalMs: number;
  selected: string | null;
  text: string;
  select: (id: string) => void;
};

/** Zoom per wheel unit: one notch (100) is a fifth. */
const ZOOM_PER_UNIT = 0.002;

function clampTop(top: number, rows: number, height: number): number {
  return Math.min(Math.max(0, top), Math.max(0, rows * LANE + AXIS - height));
}

export function TimelineView({ rows, totalMs, selected, text, select }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const whole: Span1D = { from: 0, to: totalMs };
  const [asked, setAsked] = useState<Span1D | null>(null);
  const [top, setTop] = useState(0);
  const view = asked ?? whole;
  const height = () => canvas.current?.clientHeight ?? 400;
  const scroll = (by: number) => setTop((now) => clampTop(now + by, rows.length, height()));
  const zoom = (share: number, factor: number) => setAsked(zoomed(view, whole, share, factor));
  const pan = (share: number) => setAsked(panned(view, whole, share));
  usePainting(canvas, { rows, view, top, selected, text });
  useWheel(canvas, zoom);
  useReveal(rows, selected, height, setTop);
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
  const drag = useDrag({
    canvas,
    pan,
    scroll,
    click: (y) =>
      rows[Math.floor((y - AXIS + top) / LANE)] &&
      select((rows[Math.floor((y - AXIS + top) / LANE)] as TreeRow).span.span_id),
  });
  const at = rows.find((row) => row.span.span_id === selected)?.span;
  return (
    <div className="timeline">
      <p className="muted timeline-help">
        Wheel zooms at the cursor, drag pans, + − 0 and arrows do it by keys.{" "}
        <button type="button" className="plain" onClick={() => setAsked(null)}>
          whole run
        </button>
      </p>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="img"
        aria-label={`Timeline of ${rows.length} spans over ${Math.round(totalMs)} ms. The tree has the same as text.`}
        {...drag}
      />
      <p className="off-screen" role="status">
        {at ? `Selected: ${at.name}` : ""}
      </p>
    </div>
  );
}

function usePainting(canvas: RefObject<HTMLCanvasElement | null>, picture: Parameters<typeof draw>[1]): void {
  const { theme } = usePrefs();
  const latest = useRef(picture);
  latest.current = picture;
  const frame = useRef(0);
  const paint = useCallback(() => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => canvas.current && draw(canvas.current, latest.current));
  }, [canvas]);
  const { rows, view, top, selected, text } = picture;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each of these changes the picture
  useEffect(paint, [rows, view.from, view.to, top, selected, text, theme, paint]);
  useEffect(() => {
    const resized = new ResizeObserver(paint);
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    if (canvas.current) resized.observe(canvas.current);
    dark.addEventListener("change", paint);
    return () => {
      resized.disconnect();
      dark.removeEventListener("change", paint);
      cancelAnimationFrame(frame.current);
    };
  }, [canvas, paint]);
}

/** React listens to wheels passively; the page must not scroll while the timeline zooms. */
function useWheel(canvas: RefObject<HTMLCanvasElement | null>, zoom: (share: number, factor: number) => void): void {
  const latest = useRef(zoom);
  latest.current = zoom;
  useEffect(() => {
    const home = canvas.current;
    const wheel = (event: WheelEvent) => {
      event.preventDefault();
      latest.current(event.offsetX / (home as HTMLCanvasElement).clientWidth, Math.exp(event.deltaY * ZOOM_PER_UNIT));
    };
    home?.addEventListener("wheel", wheel, { passive: false });
    return () => home?.removeEventListener("wheel", wheel);
  }, [canvas]);
}

/** Brings the selected row into view when another one is selected. */
function useReveal(
  rows: readonly TreeRow[],
  selected: string | null,
  height: () => number,
  setTop: (next: (now: number) => number) => void,
): void {
  const seen = useRef<string | null>(null);
  useEffect(() => {
    if (selected === seen.current) return;
    const index = rows.findIndex((row) => row.span.span_id === selected);
    if (index < 0) return;
    seen.current = selected;
    const y = index * LANE;
    const room = height() - AXIS - LANE;
    setTop((now) => (y < now || y > now + room ? clampTop(y - room / 2, rows.length, height()) : now));
  });
}

type DragProps = {
  canvas: RefObject<HTMLCanvasElement | null>;
  pan: (share: number) => void;
  scroll: (by: number) => void;
  click: (y: number) => void;
};

/** A press that moves less than this is a click. */
const CLICK_WITHIN_PX = 4;

function useDrag({ canvas, pan, scroll, click }: DragProps) {
  const held = useRef<{ x: number; y: number; moved: number } | null>(null);
  return {
    onPointerDown: (event: PointerEvent) => {
      canvas.current?.setPointerCapture(event.pointerId);
      held.current = { x: event.clientX, y: event.clientY, moved: 0 };
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
    },
    onPointerCancel: () => {
      held.current = null;
    },
  };
}
