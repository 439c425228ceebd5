/** Runs and failing runs per minute, by uPlot. Brushing a part freezes the range of the page at it. */

import { useEffect, useRef } from "react";
import uPlot from "uplot";
import { usePrefs } from "../settings/prefs";
import { setParams } from "../url/navigation";
import type { Series } from "./pace";

const HEIGHT = 168;

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function brush(plot: uPlot): void {
  if (plot.select.width < 4) return;
  const from = plot.posToVal(plot.select.left, "x");
  const to = plot.posToVal(plot.select.left + plot.select.width, "x");
  setParams({ since: new Date(from * 1000).toISOString(), until: new Date(to * 1000).toISOString() });
}

function axis(grid: boolean): uPlot.Axis {
  const line = { stroke: token("--line"), width: 1 };
  return {
    stroke: token("--muted"),
    grid: { show: grid, ...line },
    ticks: { ...line, size: 4 },
    font: "12px system-ui, sans-serif",
    size: grid ? 44 : 28,
  };
}

function options(width: number): uPlot.Options {
  const bars = uPlot.paths.bars?.({ size: [0.8, 24] });
  const bar = (label: string, color: string): uPlot.Series => ({
    ...{ label, stroke: color, fill: color, width: 0, points: { show: false } },
    ...(bars ? { paths: bars } : {}),
  });
  return {
    ...{
      width,
      height: HEIGHT,
      padding: [8, 8, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: true, y: false, setScale: false }, y: false },
    },
    scales: { x: { time: true }, y: { range: (_plot, _min, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [
      { ...axis(false), values: (_plot, splits) => splits.map(tickText), space: 72 },
      { ...axis(true), incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000] },
    ],
    series: [{}, bar("runs", token("--series-1")), bar("failing", token("--bad"))],
    hooks: { setSelect: [brush] },
  };
}

export function RunsChart({ data }: { data: Series }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { theme } = usePrefs();
  const latest = useRef(data);
  latest.current = data;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a theme change needs new colours, hence a new plot
  useEffect(() => {
    const home = box.current as HTMLDivElement;
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(home.clientWidth), rows(latest.current), home);
    };
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: home.clientWidth, height: HEIGHT }));
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    make();
    resized.observe(home);
    dark.addEventListener("change", make);
    return () => {
      resized.disconnect();
      dark.removeEventListener("change", make);
      plot.current?.destroy();
      plot.current = null;
    };
  }, [theme]);
  useEffect(() => plot.current?.setData(rows(data)), [data]);
  return <div ref={box} className="chart" role="img" aria-label={words(data)} />;
}

/** Local clock time, the day where a day begins. One line, since a second line would be cut. */
function tickText(seconds: number): string {
  const at = new Date(seconds * 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return time === "00:00" ? `${two(at.getMonth() + 1)}-${two(at.getDate())}` : time;
}

function rows(data: Series): uPlot.AlignedData {
  return [data.times, data.runs, data.failed];
}

function words(data: Series): string {
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  return `Runs per minute over ${data.times.length} minutes: ${sum(data.runs)} runs, ${sum(data.failed)} failing, at most ${Math.max(0, ...data.runs)} in a minute`;
}
