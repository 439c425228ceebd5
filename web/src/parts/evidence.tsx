/** Evidence as a bar on a logarithmic scale with its threshold, and a number with its interval or the words that there is none. */

import type { Found, Measured, Stream } from "../api/watched";
import { count } from "../words/numbers";
import {
  evidenceShare,
  evidenceText,
  evidenceWords,
  insufficientWords,
  THRESHOLD_AT,
  valueText,
} from "../words/watched";

const WIDTH = 72;

type Weighed = Pick<Stream, "evidence" | "threshold"> & { state?: Stream["state"] };

/** The tick is the threshold: every bar of a list has it in the same place. */
export function EvidenceBar({ of, width = WIDTH }: { of: Weighed; width?: number }) {
  const long = evidenceShare(of.evidence, of.threshold) * width;
  const tick = THRESHOLD_AT * width;
  return (
    <svg
      className={of.threshold !== null && of.evidence >= of.threshold ? "evidence evidence-over" : "evidence"}
      viewBox={`0 0 ${width} 12`}
      width={width}
      height="12"
      role="img"
      aria-label={evidenceWords(of)}
    >
      <path className="evidence-axis" d={`M0 9.5H${width}`} />
      <rect className="evidence-bar" y="3" width={Math.max(1, long)} height="5" />
      <path className="evidence-tick" d={`M${tick} 0v12`} />
    </svg>
  );
}

export function EvidenceCell({ of, width = WIDTH }: { of: Weighed; width?: number }) {
  if (of.state === "learning") return <span className="insufficient">learning</span>;
  return (
    <span className="evidence-cell" title={evidenceWords(of)}>
      <EvidenceBar of={of} width={width} />
      <span className="muted">{evidenceText(of.evidence)}</span>
    </span>
  );
}

const SPAN = 72;

/** Now with its interval, before as a hollow mark, on a scale that holds both. */
export function MovedWhisker({ now, before }: { now: Measured; before: Measured }) {
  if (now.value === null) return null;
  const ends = [now.low, now.high, now.value, before.value].filter((one): one is number => one !== null);
  const top = Math.max(...ends, 1e-12);
  const x = (value: number) => 3 + (value / top) * (SPAN - 6);
  const low = x(now.low ?? now.value);
  const high = x(now.high ?? now.value);
  return (
    <svg className="whisker" viewBox={`0 0 ${SPAN} 12`} width={SPAN} height="12" aria-hidden="true">
      <path className="whisker-axis" d={`M0 6H${SPAN}`} />
      <path className="whisker-line" d={`M${low} 6H${high}M${low} 3v6M${high} 3v6`} />
      <rect className="whisker-point" x={x(now.value) - 2} y="3" width="4" height="6" />
      {before.value !== null && <circle className="whisker-before" cx={x(before.value)} cy="6" r="2.6" />}
    </svg>
  );
}

/** "12 % → 31 %" with its whisker and n. */
export function MovedCell({
  of,
}: {
  of: Pick<Stream, "now" | "before" | "unit"> & { kind?: Stream["kind"] | Found["kind"] };
}) {
  const { now, before } = of;
  if (now.value === null) return <span className="insufficient">{insufficientWords(now)}</span>;
  const between =
    now.low === null || now.high === null
      ? ""
      : `${valueText(now.low, of).replace(/ %$/, "")}–${valueText(now.high, of)}, `;
  return (
    <span className="moved-cell">
      <span className="moved-values">
        {before.value !== null && <span className="muted">{valueText(before.value, of)} → </span>}
        <strong>{valueText(now.value, of)}</strong>
      </span>
      <MovedWhisker now={now} before={before} />
      <span className="muted moved-n" title={now.method ?? undefined}>
        {between}n {count(now.n)}
      </span>
    </span>
  );
}
