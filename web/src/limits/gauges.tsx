/** The limits of an account as bars: used, reserved, and what remains. */

import type { Account, Dimension } from "../api/limits";
import { dimensionName, freeWords, gaugeWords, parts } from "../words/limits";
import { moment } from "../words/time";

const WIDTH = 240;
/** Shares of tenants, tasks and nodes that are drawn; the fullest first. */
const SCOPES_MAX = 8;

export function Gauges({ account }: { account: Account }) {
  const own = account.dimensions.filter((one) => one.scope === "");
  const shares = account.dimensions
    .filter((one) => one.scope !== "")
    .sort((a, b) => a.remaining / a.capacity - b.remaining / b.capacity);
  if (own.length === 0)
    return <p className="muted">No limit is known yet: the provider tells it with its answers, or it is measured.</p>;
  return (
    <ul className="gauges">
      {[...own, ...shares.slice(0, SCOPES_MAX)].map((one) => (
        <Gauge key={`${one.scope} ${one.dimension}`} one={one} />
      ))}
      {shares.length > SCOPES_MAX && <li className="muted">{shares.length - SCOPES_MAX} more shares are less full</li>}
    </ul>
  );
}

function Gauge({ one }: { one: Dimension }) {
  const { used, reserved } = parts(one);
  const scope = one.scope === "" ? "" : `${one.scope.replace(":", " ")}: `;
  return (
    <li className="gauge">
      <span className="gauge-name">
        {scope}
        {dimensionName(one)}
      </span>
      <svg
        className={used + reserved > 0.8 ? "gauge-bar fill-high" : "gauge-bar"}
        viewBox={`0 0 ${WIDTH} 12`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <rect className="fill-whole" width={WIDTH} height="12" />
        <rect className="fill-part" width={used * WIDTH} height="12" />
        <rect className="gauge-reserved" x={used * WIDTH} width={reserved * WIDTH} height="12" />
      </svg>
      <span className="gauge-words">{gaugeWords(one)}</span>
      <span className="muted gauge-free" title={one.full_at ? moment(one.full_at) : undefined}>
        {freeWords(one)}
      </span>
    </li>
  );
}
