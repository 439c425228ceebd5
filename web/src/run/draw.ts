/** Draws the rows of the timeline that are in view on a canvas. Reads colours from the tokens of the style; changes nothing else. */

import { milliseconds } from "../words/time";
import { type Ink, inkOf, type Pen, penOf } from "./ink";
import { kindToken } from "./kinds";
import type { Outline, SpanRow } from "./outline";
import { type Span1D, ticks } from "./scale";

export const LANE = 22;
export const AXIS = 24;

export interface Picture {
  outline: Outline;
  rows: Int32Array;
  hits: Uint8Array | null;
  view: Span1D;
  top: number;
  selected: number;
}

type Scale = (ms: number) => number;

export function draw(canvas: HTMLCanvasElement, picture: Picture): void {
  const pen = penOf(canvas);
  if (!pen) return;
  const ink = inkOf(canvas);
  pen.clearRect(0, 0, ink.width, ink.height);
  pen.font = "12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  const x: Scale = (ms) => ((ms - picture.view.from) / (picture.view.to - picture.view.from)) * ink.width;
  grid(pen, ink, picture.view, x);
  lanes(pen, ink, picture, x);
  axis(pen, ink, picture.view, x);
}

function grid(pen: Pen, ink: Ink, view: Span1D, x: Scale): void {
  pen.fillStyle = ink.token("--line");
  for (const at of ticks(view, ink.width / 110)) pen.fillRect(Math.round(x(at)), AXIS, 1, ink.height);
}

function axis(pen: Pen, ink: Ink, view: Span1D, x: Scale): void {
  pen.fillStyle = ink.token("--surface");
  pen.fillRect(0, 0, ink.width, AXIS);
  pen.fillStyle = ink.token("--muted");
  for (const at of ticks(view, ink.width / 110)) pen.fillText(at === 0 ? "0" : milliseconds(at), x(at) + 4, AXIS / 2);
}

function lanes(pen: Pen, ink: Ink, picture: Picture, x: Scale): void {
  const { outline, rows, hits, selected } = picture;
  const first = Math.max(0, Math.floor(picture.top / LANE));
  const last = Math.min(rows.length, Math.ceil((picture.top + ink.height) / LANE));
  for (let i = first; i < last; i += 1) {
    const row = rows[i] as number;
    const y = AXIS + i * LANE - picture.top;
    if (row === selected || hits?.[row]) {
      pen.fillStyle = ink.token(row === selected ? "--selected" : "--hit");
      pen.fillRect(0, y, ink.width, LANE);
    }
    lane(pen, ink, outline.row(row), y, x);
  }
}

function lane(pen: Pen, ink: Ink, span: SpanRow, y: number, x: Scale): void {
  const left = x(span.offset_ms);
  const width = Math.max(2, x(span.offset_ms + (span.duration_ms ?? 0)) - left);
  bar(pen, ink, span, { left, width, y: y + 4 });
  label(pen, ink, span, { left, width, y: y + LANE / 2 });
}

interface Box {
  left: number;
  width: number;
  y: number;
}

/** What was repaired has a dashed frame, what never came is hollow, what nothing explains is hatched. */
function bar(pen: Pen, ink: Ink, span: SpanRow, { left, width, y }: Box): void {
  const height = LANE - 8;
  if (span.synthetic) {
    dashed(pen, ink, { left, width: Math.max(8, width), y });
    return;
  }
  const from = Math.max(left, -4);
  const size = Math.min(left + width, ink.width + 4) - from;
  pen.fillStyle = ink.token(span.failed ? "--bad" : kindToken(span.kind));
  if (size > 0) pen.fillRect(from, y, size, height);
  if (span.residual) hatch(pen, ink, { left, width, y });
  if (span.rule) dashed(pen, ink, { left: left - 2, width: width + 4, y: y - 2 }, height + 4);
  if (span.critical && size > 0) {
    pen.fillStyle = ink.token("--ink");
    pen.fillRect(from, y + height + 1, size, 2);
  }
}

function dashed(pen: Pen, ink: Ink, { left, width, y }: Box, height = LANE - 8): void {
  pen.strokeStyle = ink.token("--muted");
  pen.setLineDash([3, 3]);
  pen.strokeRect(left + 0.5, y + 0.5, width, height - 1);
  pen.setLineDash([]);
}

function hatch(pen: Pen, ink: Ink, { left, width, y }: Box): void {
  pen.save();
  pen.beginPath();
  pen.rect(left, y, width, LANE - 8);
  pen.clip();
  pen.strokeStyle = ink.token("--surface");
  pen.beginPath();
  for (let at = Math.max(left, 0) - 20; at < Math.min(left + width, ink.width); at += 6) {
    pen.moveTo(at, y + 14);
    pen.lineTo(at + 14, y);
  }
  pen.stroke();
  pen.restore();
}

function words(span: SpanRow): string {
  const rule = span.rule ? `  repaired: ${span.rule.replaceAll("_", " ")}` : "";
  if (span.synthetic) return `missing span${rule}`;
  const failed = span.failed ? `✕ ${span.error ?? "error"}  ` : "";
  return `${failed}${span.name.slice(0, 60)}  ${milliseconds(span.duration_ms)}${rule}`;
}

/** The name beside the bar, or before it where the right side has no room. */
function label(pen: Pen, ink: Ink, span: SpanRow, { left, width, y }: Box): void {
  if (left > ink.width || left + width < 0) return;
  const text = words(span);
  const size = ink.measure(pen, text);
  const right = Math.max(left + (span.synthetic ? Math.max(8, width) : width), 0) + 6;
  const before = left - size - 6;
  pen.fillStyle = ink.token("--ink");
  if (right + size < ink.width) pen.fillText(text, right, y);
  else if (before > 0) pen.fillText(text, before, y);
  else inside(pen, ink, text, Math.max(left, 0) + 6, y, size);
}

function inside(pen: Pen, ink: Ink, text: string, at: number, y: number, size: number): void {
  pen.fillStyle = ink.token("--surface");
  pen.fillRect(at - 3, y - 8, size + 6, 16);
  pen.fillStyle = ink.token("--ink");
  pen.fillText(text, at, y);
}
