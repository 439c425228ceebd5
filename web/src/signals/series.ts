/** A stream over time as what the charts draw. Pure. */

import type { DeployMark, StreamDetail } from "../api/watched";
import type { Plotted } from "../parts/plot";
import { beforeWord, evidenceText, powerText, valueText, whereWords } from "../words/watched";

function seconds(moment: string): number {
  return Date.parse(moment) / 1000;
}

/** A test begins with its version, some runs before its first moment: the deploy is drawn too. */
function fromOf(of: StreamDetail): Pick<Plotted, "from"> {
  const first = of.history[0];
  if (!of.deploy || !first) return {};
  const opened = seconds(of.deploy.opened_at);
  const end = seconds((of.history.at(-1) ?? first).at);
  return { from: Math.min(seconds(first.at), opened - 0.03 * (end - opened)) };
}

/** A version that came to several cohorts at about the same time is one tick: labels over each other say nothing. */
export function ticksOf(deploys: readonly DeployMark[]): { at: number; label: string }[] {
  const found = new Map<string, { at: number; label: string }>();
  for (const deploy of deploys) {
    const label = `${deploy.part.replaceAll("_", " ")} ${deploy.new}`;
    const at = seconds(deploy.at);
    const known = found.get(label);
    if (!known || at < known.at) found.set(label, { at, label });
  }
  return [...found.values()];
}

/** Deploys that this stream could have been moved by, within the time that is drawn. */
function marks(of: StreamDetail, nowMs: number): Pick<Plotted, "ticks" | "spans"> {
  return {
    ticks: ticksOf(of.deploys),
    spans: of.alerts.map((alert) => ({
      ...{ from: seconds(alert.from), to: alert.to === null ? nowMs / 1000 : seconds(alert.to), label: alert.state },
    })),
  };
}

/** The value with its interval band, and the value before as a level. */
export function valuePlot(of: StreamDetail, nowMs: number): Plotted {
  const { history, before } = of;
  return {
    times: history.map((point) => seconds(point.at)),
    lines: [{ label: of.title, values: history.map((point) => point.value), color: "--accent" }],
    band: { low: history.map((point) => point.low), high: history.map((point) => point.high), color: "--band" },
    levels:
      before.value === null
        ? []
        : [
            {
              value: before.value,
              label: `${beforeWord(of)} ${valueText(before.value, of)}`,
              color: "--muted",
              dash: [4, 4],
            },
          ],
    ...marks(of, nowMs),
    ...fromOf(of),
    format: (value) => valueText(value, of),
  };
}

/** Evidence on a logarithmic scale with the threshold line. */
export function evidencePlot(of: StreamDetail, nowMs: number): Plotted {
  return {
    times: of.history.map((point) => seconds(point.at)),
    lines: [{ label: "evidence", values: of.history.map((point) => point.evidence), color: "--accent" }],
    levels:
      of.threshold === null
        ? []
        : [{ value: of.threshold, label: `threshold ${evidenceText(of.threshold)}`, color: "--bad" }],
    ...marks(of, nowMs),
    ...fromOf(of),
    log: true,
    format: evidenceText,
    axis: powerText,
  };
}

export function valueLabel(of: StreamDetail): string {
  const last = of.history.at(-1);
  const deploys = of.deploys.map((deploy) => `${deploy.part} ${deploy.new}`).join(", ");
  const now = last ? `, ${valueText(last.value, of)} now` : "";
  return `${of.title} of ${whereWords(of.cohort)} over time${now}${deploys ? `, deploys ${deploys}` : ""}`;
}

export function evidenceLabel(of: StreamDetail): string {
  return `Evidence that ${of.title} got worse, over time, ${evidenceText(of.evidence)} now, threshold ${evidenceText(of.threshold)}`;
}
