/** Runs and failing runs per minute. A chosen range is compared with the rest. */

import { useMemo } from "react";
import type { Picked } from "../parts/brush";
import type { Plotted } from "../parts/plot";
import { SeriesChart } from "../parts/series-chart";
import { pickIntoUrl } from "../signals/stream-charts";
import { short } from "../words/numbers";
import type { Series } from "./pace";

export function RunsChart({ data, picked }: { data: Series; picked: Picked | null }) {
  const plotted = useMemo(() => plottedOf(data), [data]);
  return <SeriesChart plotted={plotted} label={words(data)} picked={picked} pick={pickIntoUrl} />;
}

function plottedOf(data: Series): Plotted {
  return {
    times: data.times,
    lines: [
      { label: "runs", values: data.runs, color: "--series-1", bars: true },
      { label: "failing", values: data.failed, color: "--bad", bars: true },
    ],
    holds: [1],
    format: short,
  };
}

function words(data: Series): string {
  const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
  return `Runs per minute over ${data.times.length} minutes: ${sum(data.runs)} runs, ${sum(data.failed)} failing, at most ${Math.max(0, ...data.runs)} in a minute`;
}
