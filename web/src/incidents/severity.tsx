/** The mark of a severity: a word and a number of bars, so that colour is never the only sign. */

import { severityWords } from "../words/incidents";

const BARS = [0, 1, 2, 3, 4] as const;

export function Severity({ of }: { of: number | null }) {
  return (
    <span className={`sev sev-${of ?? "none"}`} title={severityWords(of)}>
      <svg viewBox="0 0 20 12" width="20" height="12" aria-hidden="true">
        {BARS.map((i) => (
          <rect
            key={i}
            x={i * 4}
            y={9 - i * 2}
            width="3"
            height={3 + i * 2}
            className={of !== null && i <= 4 - of ? "bar-on" : "bar-off"}
          />
        ))}
      </svg>
      {of === null ? "not graded" : `sev-${of}`}
    </span>
  );
}
