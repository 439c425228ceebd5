/** A chart of a series over time by uPlot. A range can be brushed with the mouse or with arrows and shift; what becomes of it is the caller's. */

import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import { usePrefs } from "../settings/prefs";
import { type Picked, pickedOf, pickedWords, tickText, type Walk, walked } from "./brush";
import { optionsOf, type Plotted, rowsOf } from "./plot";

type Props = {
  plotted: Plotted;
  height?: number;
  /** The chart in words, for those who cannot see it. */
  label: string;
  picked?: Picked | null;
  pick?: (picked: Picked | null) => void;
};

export function SeriesChart({ plotted, height = 168, label, picked = null, pick }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const plot = usePlot(box, plotted, height, picked, pick);
  const [walk, setWalk] = useState<Walk | null>(null);
  const press = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const chosen = pickedOf(walk, plotted.times);
    if (event.key === "Enter" && chosen) pick?.(chosen);
    else if (event.key === "Escape" && (walk || picked)) {
      setWalk(null);
      pick?.(null);
    } else {
      const next = walked(walk, event.key, event.shiftKey, plotted.times.length);
      if (!next) return;
      setWalk(next);
      show(plot.current, next, plotted.times);
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const keys = pick ? { tabIndex: 0, role: "group", "aria-label": `${label}. ${HOW}`, onKeyDown: press } : {};
  return (
    <div className="chart-box" {...keys}>
      <div ref={box} className="chart" style={{ height }} role="img" aria-label={label} />
      {pick && <Said walk={walk} plotted={plotted} />}
    </div>
  );
}

const HOW = "Arrows move over it, shift and arrows choose a range, Enter compares it, Escape lets it go";

/** The moment under the cursor and its values, or the chosen range. */
function Said({ walk, plotted }: { walk: Walk | null; plotted: Plotted }) {
  const chosen = pickedOf(walk, plotted.times);
  const at = walk ? plotted.times[walk.at] : undefined;
  const values = walk ? plotted.lines.map((line) => `${line.label} ${spoken(plotted, line.values[walk.at])}`) : [];
  return (
    <p className="chart-said muted" role="status">
      {chosen
        ? `${pickedWords(chosen)} chosen, Enter compares it`
        : at === undefined
          ? ""
          : `${tickText(at, 1)}: ${values.join(", ")}`}
    </p>
  );
}

function spoken(plotted: Plotted, value: number | null | undefined): string {
  return value === null || value === undefined ? "not known" : plotted.format(value);
}

/** Draws the chosen range; without one the cursor alone. */
function show(plot: uPlot | null, walk: Walk, times: readonly number[]): void {
  if (!plot) return;
  const x = (index: number) => plot.valToPos(times[index] ?? 0, "x");
  plot.setCursor({ left: x(walk.at), top: 10 }, false);
  if (walk.anchor === null) select(plot, null);
  else
    select(plot, {
      fromMs: (times[Math.min(walk.at, walk.anchor)] ?? 0) * 1000,
      toMs: (times[Math.max(walk.at, walk.anchor)] ?? 0) * 1000,
    });
}

function select(plot: uPlot, picked: Picked | null): void {
  const x = (ms: number) => Math.min(plot.over.clientWidth, Math.max(0, plot.valToPos(ms / 1000, "x")));
  const left = picked ? x(picked.fromMs) : 0;
  const width = picked ? x(picked.toMs) - left : 0;
  plot.setSelect({ left, width, top: 0, height: width > 0 ? plot.over.clientHeight : 0 }, false);
}

const NARROWEST_PX = 4;

/** The chart lives as long as its theme and the number of its lines; new values are only set. */
function usePlot(
  box: RefObject<HTMLDivElement | null>,
  plotted: Plotted,
  height: number,
  picked: Picked | null,
  pick: Props["pick"],
): RefObject<uPlot | null> {
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ plotted, picked, pick });
  latest.current = { plotted, picked, pick };
  const { theme } = usePrefs();
  const shape = `${plotted.lines.length} ${plotted.band ? "band" : ""} ${plotted.log ? "log" : ""} ${height} ${theme}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another theme or shape needs a new plot
  useEffect(() => {
    const home = box.current as HTMLDivElement;
    const make = () => {
      plot.current?.destroy();
      const options = optionsOf(() => latest.current.plotted, { width: home.clientWidth, height });
      const brushed = (made: uPlot) => {
        if (made.select.width < NARROWEST_PX) return;
        const at = (px: number) => made.posToVal(px, "x") * 1000;
        latest.current.pick?.({ fromMs: at(made.select.left), toMs: at(made.select.left + made.select.width) });
      };
      plot.current = new uPlot(
        { ...options, hooks: { ...options.hooks, setSelect: [brushed] } },
        rowsOf(latest.current.plotted),
        home,
      );
      select(plot.current, latest.current.picked);
    };
    const resized = new ResizeObserver(() => {
      plot.current?.setSize({ width: home.clientWidth, height });
      if (plot.current) select(plot.current, latest.current.picked);
    });
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
  }, [shape]);
  const chosen = picked ? `${picked.fromMs} ${picked.toMs}` : "";
  // biome-ignore lint/correctness/useExhaustiveDependencies: `chosen` says all of `picked`, the plot is a ref
  useEffect(() => {
    plot.current?.setData(rowsOf(plotted));
    if (plot.current) select(plot.current, picked);
  }, [plotted, chosen]);
  return plot;
}
