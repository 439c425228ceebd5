/** One stream over time: the value with its band, and the evidence with its threshold. */

import { useMemo } from "react";
import type { StreamDetail } from "../api/watched";
import { type Picked, pickedText } from "../parts/brush";
import { SeriesChart } from "../parts/series-chart";
import { setParams } from "../url/navigation";
import { evidenceLabel, evidencePlot, valueLabel, valuePlot } from "./series";

const FEWEST = 2;

export type Pick = { picked: Picked | null; pick: (picked: Picked | null) => void };

/** Choosing a range in a view that has one contrast panel: it stands in the URL. */
export function pickIntoUrl(picked: Picked | null): void {
  setParams({ sel: picked ? pickedText(picked) : null }, { replace: true });
}

/** `nowMs` closes the span of an alert that is still open; it moves with the data, not with the clock. */
function useNowOf(of: StreamDetail): number {
  const last = of.history.at(-1);
  return last ? Date.parse(last.at) : 0;
}

export function ValueChart({ of, height = 168, pick }: { of: StreamDetail; height?: number; pick?: Pick }) {
  const now = useNowOf(of);
  const plotted = useMemo(() => valuePlot(of, now), [of, now]);
  if (of.history.length < FEWEST) return <TooShort height={height} />;
  return <SeriesChart plotted={plotted} height={height} label={valueLabel(of)} {...pick} />;
}

export function EvidenceChart({ of, height = 168, pick }: { of: StreamDetail; height?: number; pick?: Pick }) {
  const now = useNowOf(of);
  const plotted = useMemo(() => evidencePlot(of, now), [of, now]);
  if (of.history.length < FEWEST) return <TooShort height={height} />;
  return <SeriesChart plotted={plotted} height={height} label={evidenceLabel(of)} {...pick} />;
}

function TooShort({ height }: { height: number }) {
  return (
    <p className="chart-short muted" style={{ height }}>
      Not enough moments for a line yet.
    </p>
  );
}
