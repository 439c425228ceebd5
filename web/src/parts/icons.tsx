/** Small marks with a shape of their own, so that colour is never the only sign. */

import type { Lifecycle, Run, RunStatus } from "../api/types";

const SHAPES = {
  running: <circle cx="6" cy="6" r="4.2" fill="currentColor" />,
  waiting: (
    <>
      <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <path d="M6 2a4 4 0 0 1 0 8z" fill="currentColor" />
    </>
  ),
  stalled: <path d="M3 2.2h2.2v7.6H3zM6.8 2.2H9v7.6H6.8z" fill="currentColor" />,
  lost: <circle cx="6" cy="6" r="4" fill="none" stroke="currentColor" strokeWidth="1.6" strokeDasharray="2 1.6" />,
  finished: <rect x="2.2" y="2.2" width="7.6" height="7.6" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  ok: <path d="M1.8 6.4 4.8 9.4 10.4 3" fill="none" stroke="currentColor" strokeWidth="2" />,
  error: <path d="M2.5 2.5l7 7m0-7l-7 7" fill="none" stroke="currentColor" strokeWidth="2" />,
  rising: <path d="M6 2.2 10.4 9.6H1.6z" fill="none" stroke="currentColor" strokeWidth="1.6" />,
  unknown: <path d="M2.5 6h7" fill="none" stroke="currentColor" strokeWidth="1.8" />,
} as const;

export type MarkName = keyof typeof SHAPES;

export function Mark({ name }: { name: MarkName }) {
  return (
    <svg className={`mark mark-${name}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      {SHAPES[name]}
    </svg>
  );
}

/** One word for the state of a run: how it lives while it lives, how it ended once it has. */
export function stateOfRun(run: Pick<Run, "lifecycle" | "status">): { mark: MarkName; word: string } {
  if (run.lifecycle !== "finished") return { mark: run.lifecycle, word: run.lifecycle };
  return run.status === "unknown" ? { mark: "finished", word: "finished" } : { mark: run.status, word: run.status };
}

export function StateMark({ run }: { run: Pick<Run, "lifecycle" | "status"> }) {
  const { mark, word } = stateOfRun(run);
  return (
    <span className="state">
      <Mark name={mark} />
      {word}
    </span>
  );
}

const KNOWN = new Set<string>(Object.keys(SHAPES));

/** The mark of a facet value, where it has one. */
export function ValueMark({ value }: { value: Lifecycle | RunStatus | string }) {
  return KNOWN.has(value) ? <Mark name={value as MarkName} /> : null;
}
