/** What a chart of a series is made of, and how uPlot is told. Draws; decides nothing. */

import uPlot from "uplot";
import { tickText } from "./brush";

export interface Line {
  label: string;
  values: readonly (number | null)[];
  /** A colour token. */
  color: string;
  bars?: boolean;
  dash?: number[];
}

export interface Plotted {
  /** Seconds since the epoch, rising. */
  times: readonly number[];
  lines: readonly Line[];
  band?: { low: readonly (number | null)[]; high: readonly (number | null)[]; color: string };
  /** Horizontal lines with a word: a threshold, the value before. */
  levels?: readonly { value: number; label: string; color: string; dash?: number[] }[];
  /** Moments: a deploy. */
  ticks?: readonly { at: number; label: string }[];
  /** Stretches: while an alert was open. */
  spans?: readonly { from: number; to: number; label: string }[];
  log?: boolean;
  /** Where the time axis begins, if not at the first moment. */
  from?: number;
  /** What the value axis must at least hold. */
  holds?: readonly number[];
  format: (value: number) => string;
  /** Shorter, for the axis. */
  axis?: (value: number) => string;
}

export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const FONT = "12px system-ui, sans-serif";

function axis(grid: boolean): uPlot.Axis {
  const line = { stroke: token("--line"), width: 1 };
  return { stroke: token("--muted"), grid: { show: grid, ...line }, ticks: { ...line, size: 4 }, font: FONT };
}

/** Lowest and highest of all that is drawn, with some air. */
export function extent(plotted: Plotted): [number, number] {
  const all = [
    ...plotted.lines.flatMap((line) => line.values),
    ...(plotted.band ? [...plotted.band.low, ...plotted.band.high] : []),
    ...(plotted.levels ?? []).map((level) => level.value),
    ...(plotted.holds ?? []),
  ].filter((value): value is number => value !== null && Number.isFinite(value));
  const high = Math.max(...all, plotted.log ? 10 : 0);
  if (plotted.log) return [Math.max(0.1, Math.min(1, ...all)), high * 4];
  return [0, high > 0 ? high * 1.12 : 1];
}

const POWERS_MAX = 5;

/** Powers of ten within a range, at most five of them: lines in between would say nothing. */
export function powers(low: number, high: number): number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const step = Math.max(1, Math.ceil((last - first + 1) / POWERS_MAX));
  const found: number[] = [];
  for (let at = first; at <= last; at += step) found.push(10 ** at);
  return found;
}

export function rowsOf(plotted: Plotted): uPlot.AlignedData {
  const floor = plotted.log ? 0.1 : null;
  const clear = (values: readonly (number | null)[]) =>
    floor === null ? [...values] : values.map((value) => (value === null ? null : Math.max(floor, value)));
  const band = plotted.band ? [clear(plotted.band.high), clear(plotted.band.low)] : [];
  // The band comes first, since what comes later is drawn over it.
  return [[...plotted.times], ...band, ...plotted.lines.map((line) => clear(line.values))] as uPlot.AlignedData;
}

function axisText(plotted: Plotted, value: number): string {
  return (plotted.axis ?? plotted.format)(value);
}

function seriesOf(line: Line): uPlot.Series {
  const color = token(line.color);
  const bars = line.bars ? uPlot.paths.bars?.({ size: [0.8, 24] }) : undefined;
  return {
    ...{ label: line.label, stroke: color, width: line.bars ? 0 : 1.6, points: { show: false }, spanGaps: true },
    ...(line.dash ? { dash: line.dash } : {}),
    ...(bars ? { fill: color, paths: bars } : {}),
  };
}

export function optionsOf(latest: () => Plotted, size: { width: number; height: number }): uPlot.Options {
  const first = latest();
  const edge = { stroke: "transparent", width: 0, points: { show: false } };
  return {
    ...size,
    padding: [10, 10, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, y: false, points: { show: false } },
    scales: {
      x: { time: true, range: (_plot, low, high) => [Math.min(latest().from ?? low, low), high] },
      y: { distr: first.log ? 3 : 1, range: () => extent(latest()) },
    },
    axes: [
      {
        ...axis(false),
        values: (_plot, splits, _axis, _space, step) => splits.map((at) => tickText(at, step)),
        space: 80,
        size: 28,
      },
      {
        ...axis(true),
        ...(first.log ? { splits: (_plot: uPlot, _axis: number, low: number, high: number) => powers(low, high) } : {}),
        values: (_plot, splits) => splits.map((at) => (at === null ? "" : axisText(latest(), at))),
        size: 52,
      },
    ],
    series: [{}, ...(first.band ? [edge, edge] : []), ...first.lines.map(seriesOf)],
    ...(first.band ? { bands: [{ series: [1, 2], fill: token(first.band.color) }] } : {}),
    hooks: { drawClear: [(plot) => drawSpans(plot, latest())], draw: [(plot) => drawMarks(plot, latest())] },
  };
}

function drawSpans(plot: uPlot, plotted: Plotted): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.fillStyle = token("--alert-span");
  for (const span of plotted.spans ?? []) {
    const left = Math.max(bbox.left, plot.valToPos(span.from, "x", true));
    const right = Math.min(bbox.left + bbox.width, plot.valToPos(span.to, "x", true));
    if (right > left) ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
  }
  ctx.restore();
}

function drawMarks(plot: uPlot, plotted: Plotted): void {
  const { ctx, bbox } = plot;
  const scale = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, 0, bbox.width, bbox.top + bbox.height);
  ctx.clip();
  ctx.font = `${11 * scale}px system-ui, sans-serif`;
  ctx.lineWidth = scale;
  for (const level of plotted.levels ?? []) {
    const y = Math.round(plot.valToPos(level.value, "y", true));
    ctx.strokeStyle = ctx.fillStyle = token(level.color);
    ctx.setLineDash((level.dash ?? []).map((one) => one * scale));
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.textAlign = "right";
    ctx.fillText(level.label, bbox.left + bbox.width - 4 * scale, y - 3 * scale);
  }
  ctx.setLineDash([2 * scale, 3 * scale]);
  ctx.strokeStyle = ctx.fillStyle = token("--ink");
  for (const tick of plotted.ticks ?? []) drawTick(plot, tick, scale);
  ctx.restore();
}

/** The word stands on the side that has room. */
function drawTick(plot: uPlot, tick: { at: number; label: string }, scale: number): void {
  const { ctx, bbox } = plot;
  const x = Math.round(plot.valToPos(tick.at, "x", true));
  if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) return;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  const rightward = x < bbox.left + bbox.width / 2;
  ctx.textAlign = rightward ? "left" : "right";
  ctx.fillText(tick.label.slice(0, 40), x + (rightward ? 4 : -4) * scale, bbox.top + 8 * scale);
}
