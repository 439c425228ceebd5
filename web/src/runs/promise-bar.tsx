/** Promised against spent in one cell: the band of eight in ten runs, the middle as a tick, what was spent as a dot. */

import type { Run } from "../api/types";
import { isOver, promiseTitle, spentOf, spreadOf } from "../words/promised";

const WIDTH = 96;
/** The 90 % mark stands here, so that rows can be compared at a glance; what is over it has the rest. */
const MARK = 0.66;

export function PromiseBar({ run }: { run: Run }) {
  const spread = run.estimate ? spreadOf(run.estimate, "tokens_total") : null;
  if (!spread) return <span className="muted">not estimated</span>;
  const spent = spentOf(run, "tokens_total");
  const x = (value: number) => placeOnBar(value / Math.max(1e-9, spread.q90)) * WIDTH;
  const over = isOver(run, "tokens_total");
  const words = promiseTitle(run, "tokens_total");
  return (
    <span className="promise-cell" title={words}>
      <svg
        className={over ? "promise-bar is-over" : "promise-bar"}
        viewBox={`0 0 ${WIDTH} 12`}
        width={WIDTH}
        height="12"
        role="img"
        aria-label={words}
      >
        <path className="whisker-axis" d={`M0 6H${WIDTH}`} />
        <rect className="promise-band" x={x(spread.q10)} y="3" width={x(spread.q90) - x(spread.q10)} height="6" />
        <path className="promise-half" d={`M${x(spread.q50)} 1v10`} />
        {spent !== null && <circle className="promise-spent" cx={x(spent)} cy="6" r="3" />}
      </svg>
      {over && <span className="over">over</span>}
    </span>
  );
}

/** From a multiple of the 90 % mark to a share of the bar: even up to the mark, pressed together beyond it, never off the bar. */
export function placeOnBar(times: number): number {
  if (times <= 1) return Math.max(0.03, times * MARK);
  return MARK + (1 - MARK - 0.03) * (1 - 1 / times);
}
