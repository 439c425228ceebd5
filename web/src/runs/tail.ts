/** The live tail: how a fresh head of the list joins what is already shown. Pure. */

import type { Run } from "../api/types";

export interface Tail {
  /** Rows in order, with the newest state of each. */
  rows: readonly Run[];
  /** Runs that came since and are held back. */
  waiting: number;
  /** True when even the oldest of the head is new: there may be more in between, so the count is a lower bound. */
  atLeast: boolean;
}

/** Known rows take their new state in place; unknown ones go on top only when `open`. */
export function withHead(shown: readonly Run[], head: readonly Run[], open: boolean): Tail {
  const fresh = new Map(head.map((run) => [run.run_id, run]));
  const known = new Set(shown.map((run) => run.run_id));
  const rows = shown.map((run) => fresh.get(run.run_id) ?? run);
  const arrived = newer(
    head.filter((run) => !known.has(run.run_id)),
    shown[0],
  );
  const atLeast = head.length > 0 && arrived.length === head.length && shown.length > 0;
  if (!open) return { rows, waiting: arrived.length, atLeast };
  return { rows: [...arrived, ...rows], waiting: 0, atLeast };
}

/** A run of the head that is older than the top is on a page that was not loaded yet: it is not new. */
function newer(runs: readonly Run[], top: Run | undefined): Run[] {
  return top ? runs.filter((run) => run.started_at >= top.started_at) : [...runs];
}

/** Pages as one list; a run that moved from one page to the next while loading is shown once. */
export function joined(pages: readonly (readonly Run[])[]): Run[] {
  const seen = new Map<string, Run>();
  for (const page of pages) for (const run of page) if (!seen.has(run.run_id)) seen.set(run.run_id, run);
  return [...seen.values()];
}
