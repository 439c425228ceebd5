/** Small pictures of numbers: whisker, sparkline, bar. SVG, no state. */

import type { Rate } from "../api/types";
import { count, ENOUGH_RUNS, percent, plural, rateWords } from "../words/numbers";

const WIDTH = 72;

/** Line length whose whole width is 0 to `top`, shared by a table so that rows can be compared. */
export function Whisker({ rate, top = 1 }: { rate: Rate; top?: number }) {
  const x = (value: number) => 2 + Math.min(1, value / top) * (WIDTH - 4);
  return (
    <svg className="whisker" viewBox={`0 0 ${WIDTH} 12`} width={WIDTH} height="12" aria-hidden="true">
      <path className="whisker-axis" d={`M0 6H${WIDTH}`} />
      <path className="whisker-line" d={`M${x(rate.low)} 6H${x(rate.high)}M${x(rate.low)} 3v6M${x(rate.high)} 3v6`} />
      <rect className="whisker-point" x={x(rate.value) - 2} y="3" width="4" height="6" />
    </svg>
  );
}

/** A share with its n and interval, or the words that there is not enough to judge. */
export function RateCell({ rate, top }: { rate: Rate | null; top: number }) {
  if (rate === null) return <span className="muted">no outcome yet</span>;
  if (rate.n < ENOUGH_RUNS) return <span className="insufficient">{plural(rate.n, "run")}, too few to judge</span>;
  return (
    <span className="rate" title={rateWords(rate)}>
      <span className="rate-value">{percent(rate.value)}</span>
      <Whisker rate={rate} top={top} />
      <span className="muted rate-low-high">
        {betweenText(rate)}, n {count(rate.n)}
      </span>
    </span>
  );
}

/** "9–21 %" */
function betweenText(rate: Rate): string {
  return `${percent(rate.low).replace(/ %$/, "")}–${percent(rate.high)}`;
}

/** The upper end of a shared scale: the largest interval end, rounded up to a tenth. */
export function rateTop(rates: readonly (Rate | null)[]): number {
  const ends = rates.map((rate) => (rate && rate.n >= ENOUGH_RUNS ? rate.high : 0));
  return Math.min(1, Math.max(0.1, Math.ceil(Math.max(0, ...ends) * 10) / 10));
}

export function Sparkline({ values, label }: { values: readonly number[]; label: string }) {
  const top = Math.max(1e-9, ...values);
  const step = values.length > 1 ? 80 / (values.length - 1) : 0;
  const points = values.map((value, i) => `${(i * step).toFixed(1)},${(15 - (value / top) * 14).toFixed(1)}`).join(" ");
  return (
    <svg className="spark" viewBox="0 0 80 16" width="80" height="16" role="img" aria-label={label}>
      {values.length > 1 && <polyline points={points} />}
    </svg>
  );
}

const CURVE = 40;

/** A curve without its axis: the form alone, so it begins at 0 and with its first value; the number stands beside it. */
export function Curve({ values: given }: { values: readonly (number | null)[] }) {
  const values = given.slice(
    Math.max(
      0,
      given.findIndex((value) => value !== null),
    ),
  );
  const known = values.filter((value): value is number => value !== null);
  const top = Math.max(1e-9, ...known);
  const step = values.length > 1 ? (CURVE - 2) / (values.length - 1) : 0;
  const points = values
    .map((value, i) => (value === null ? null : `${(1 + i * step).toFixed(1)},${(15 - (value / top) * 14).toFixed(1)}`))
    .filter(Boolean);
  return (
    <svg className="spark" viewBox={`0 0 ${CURVE} 16`} width={CURVE} height="16" aria-hidden="true">
      {points.length > 1 && <polyline points={points.join(" ")} />}
    </svg>
  );
}

/** How full something is; the number stands beside it, so it is hidden from readers of text. */
export function Fill({ share }: { share: number }) {
  const width = Math.min(1, Math.max(0, share)) * 64;
  return (
    <svg
      className={share > 0.8 ? "fill fill-high" : "fill"}
      viewBox="0 0 64 8"
      width="64"
      height="8"
      aria-hidden="true"
    >
      <rect className="fill-whole" width="64" height="8" />
      <rect className="fill-part" width={width} height="8" />
    </svg>
  );
}
