/** Draws the rows of the timeline that are in view on a canvas. Reads colours from the tokens of the style; changes nothing else. */

import { milliseconds } from "../words/time";
import { kindToken } from "./kinds";
import { type Span1D, ticks } from "./scale";
import { isFailed, matches, type TreeRow } from "./tree";

export const LANE = 22;
export const AXIS = 24;

export interface Picture {
  rows: readonly TreeRow[];
  view: Span1D;
  top: number;
  selected: string | null;
  text: string;
}

type Pen = CanvasRenderingContext2D;

interface Ink {
  token: (name: string) => string;
  width: number;
  height: number;
}

function inkOf(canvas: HTMLCanvasElement): Ink {
  const style = getComputedStyle(canvas);
  return {
    token: (name) => style.getPropertyValue(name).trim(),
    width: canvas.clientWidth,
    height: canvas.clientHeight,
  };
}

/** Matches the backing store to the pixels of the screen. */
function prepared(canvas: HTMLCanvasElement): Pen | null {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const pen = canvas.getContext("2d");
  pen?.setTransform(ratio, 0, 0, ratio, 0, 0);
  return pen;
}

export function draw(canvas: HTMLCanvasElement, picture: Picture): void {
  const pen = prepared(canvas);
  if (!pen) return;
  const ink = inkOf(canvas);
  pen.clearRect(0, 0, ink.width, ink.height);
  pen.font = "12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  const x = (ms: number) => ((ms - picture.view.from) / (picture.view.to - picture.view.from)) * ink.width;
  grid(pen, ink, picture.view, x);
  lanes(pen, ink, picture, x);
  axis(pen, ink, picture.view, x);
}

function grid(pen: Pen, ink: Ink, view: Span1D, x: (ms: number) => number): void {
  pen.fillStyle = ink.token("--line");
  for (const at of ticks(view, ink.width / 110)) pen.fillRect(Math.round(x(at)), AXIS, 1, ink.height);
}

function axis(pen: Pen, ink: Ink, view: Span1D, x: (ms: number) => number): void {
  pen.fillStyle = ink.token("--surface");
  pen.fillRect(0, 0, ink.width, AXIS);
  pen.fillStyle = ink.token("--muted");
  for (const at of ticks(view, ink.width / 110)) pen.fillText(at === 0 ? "0" : milliseconds(at), x(at) + 4, AXIS / 2);
}

function lanes(pen: Pen, ink: Ink, picture: Picture, x: (ms: number) => number): void {
  const first = Math.max(0, Math.floor(picture.top / LANE));
  const last = Math.min(picture.rows.length, Math.ceil((picture.top + ink.height) / LANE));
  for (let i = first; i < last; i += 1)
    lane(pen, ink, picture, picture.rows[i] as TreeRow, AXIS + i * LANE - picture.top, x);
}

function lane(pen: Pen, ink: Ink, picture: Picture, row: TreeRow, y: number, x: (ms: number) => number): void {
  const { span } = row;
  if (span.span_id === picture.selected || matches(span, picture.text)) {
    pen.fillStyle = ink.token(span.span_id === picture.selected ? "--selected" : "--hit");
    pen.fillRect(0, y, ink.width, LANE);
  }
  const left = x(span.offset_ms);
  const width = Math.max(2, x(span.offset_ms + (span.duration_ms ?? 0)) - left);
  bar(pen, ink, row, { left, width, y: y + 4 });
  label(pen, ink, row, { left, width, y: y + LANE / 2 });
}

interface Box {
  left: number;
  width: number;
  y: number;
}

function bar(pen: Pen, ink: Ink, { span }: TreeRow, { left, width, y }: Box): void {
  const height = LANE - 8;
  if (span.synthetic) {
    pen.strokeStyle = ink.token("--muted");
    pen.setLineDash([3, 3]);
    pen.strokeRect(left + 0.5, y + 0.5, Math.max(8, width), height - 1);
    pen.setLineDash([]);
    return;
  }
  pen.fillStyle = ink.token(isFailed(span) ? "--bad" : kindToken(span.op_kind));
  pen.fillRect(left, y, width, height);
  if (span.tokens_residual) hatch(pen, ink, { left, width, y });
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

/** The name beside the bar, or before it where the right side has no room. */
function label(pen: Pen, ink: Ink, { span }: TreeRow, { left, width, y }: Box): void {
  const failed = isFailed(span) ? `✕ ${span.error_class ?? "error"}  ` : "";
  const text = span.synthetic
    ? "missing span"
    : `${failed}${span.name.slice(0, 60)}  ${milliseconds(span.duration_ms)}`;
  const size = pen.measureText(text).width;
  const right = Math.max(left + (span.synthetic ? Math.max(8, width) : width), 0) + 6;
  const fits = right + size < ink.width;
  const before = left - size - 6;
  if (left > ink.width || left + width < 0) return;
  pen.fillStyle = ink.token("--ink");
  if (fits) pen.fillText(text, right, y);
  else if (before > 0) pen.fillText(text, before, y);
  else inside(pen, ink, text, Math.max(left, 0) + 6, y, size);
}

function inside(pen: Pen, ink: Ink, text: string, at: number, y: number, size: number): void {
  pen.fillStyle = ink.token("--surface");
  pen.fillRect(at - 3, y - 8, size + 6, 16);
  pen.fillStyle = ink.token("--ink");
  pen.fillText(text, at, y);
}
