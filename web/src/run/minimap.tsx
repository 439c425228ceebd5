/** The whole run in a strip: how many spans are at work per pixel, where errors began, and which part is in view. */

import { type PointerEvent, useRef } from "react";
import type { OutlineBuckets } from "../api/types";
import { inkOf, penOf } from "./ink";
import { panned, type Span1D } from "./scale";
import { usePainting } from "./use-painting";

interface Picture {
  buckets: OutlineBuckets | null;
  from: number;
  to: number;
  totalMs: number;
}

type Props = { buckets: OutlineBuckets | null; view: Span1D; totalMs: number; look: (view: Span1D) => void };

export function Minimap({ buckets, view, totalMs, look }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  usePainting<Picture>(canvas, paint, { buckets, from: view.from, to: view.to, totalMs });
  const whole = { from: 0, to: totalMs };
  /** Puts the middle of the view under the pointer. */
  const move = (event: PointerEvent<HTMLCanvasElement>) => {
    const at = (event.nativeEvent.offsetX / event.currentTarget.clientWidth) * totalMs;
    const length = view.to - view.from;
    look(panned({ from: at - length / 2, to: at + length / 2 }, whole, 0));
  };
  return (
    <canvas
      ref={canvas}
      className="minimap"
      role="img"
      aria-label="Spans at work over the whole run, with errors and the part in view"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        move(event);
      }}
      onPointerMove={(event) => event.buttons === 1 && move(event)}
    />
  );
}

/** Counts differ by thousands; their logarithm keeps one span visible beside ten thousand. */
const tall = (count: number, most: number, height: number) =>
  count === 0 ? 0 : Math.max(1, (Math.log1p(count) / Math.log1p(most)) * height);

function paint(canvas: HTMLCanvasElement, picture: Picture): void {
  const pen = penOf(canvas);
  if (!pen) return;
  const ink = inkOf(canvas);
  pen.clearRect(0, 0, ink.width, ink.height);
  const { buckets } = picture;
  if (buckets) {
    const step = ink.width / buckets.spans.length;
    const most = Math.max(1, ...buckets.spans);
    const room = ink.height - 8;
    const bars = (counts: readonly number[], token: string) => {
      pen.fillStyle = ink.token(token);
      counts.forEach((count, i) => {
        const height = tall(count, most, room);
        if (height > 0) pen.fillRect(i * step, ink.height - 4 - height, Math.ceil(step), height);
      });
    };
    bars(buckets.spans, "--kind-other");
    bars(
      buckets.model.map((count, i) => count + (buckets.tool[i] ?? 0)),
      "--kind-tool",
    );
    bars(buckets.model, "--kind-llm");
    pen.fillStyle = ink.token("--ink");
    buckets.critical.forEach((count, i) => {
      if (count > 1) pen.fillRect(i * step, ink.height - 3, Math.ceil(step), 2);
    });
    pen.fillStyle = ink.token("--bad");
    buckets.errors.forEach((count, i) => {
      if (count > 0) pen.fillRect(i * step, 0, Math.max(2, step), 4);
    });
  }
  frame(pen, ink, picture);
}

function frame(pen: CanvasRenderingContext2D, ink: ReturnType<typeof inkOf>, { from, to, totalMs }: Picture): void {
  const left = (from / totalMs) * ink.width;
  const width = Math.max(3, ((to - from) / totalMs) * ink.width);
  pen.globalAlpha = 0.5;
  pen.fillStyle = ink.token("--raised");
  pen.fillRect(0, 0, left, ink.height);
  pen.fillRect(left + width, 0, ink.width, ink.height);
  pen.globalAlpha = 1;
  pen.strokeStyle = ink.token("--accent");
  pen.strokeRect(left + 0.5, 0.5, width - 1, ink.height - 1);
}
