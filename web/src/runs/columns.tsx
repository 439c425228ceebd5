/** The columns of the runs list. One entry per column: title, order of the API, width, what stands in the cell. */

import type { ReactNode } from "react";
import type { Run } from "../api/types";
import { StateMark } from "../parts/icons";
import { Link } from "../url/navigation";
import { COST_MARK, costValue, count, dollars, tokensText, tokensWords } from "../words/numbers";
import { elapsedS, errorWord, runTitle, versionText } from "../words/run";
import { clock, duration, moment } from "../words/time";

export interface CellContext {
  now: number;
  linkOf: (run: Run) => string;
}

export interface Column {
  name: string;
  title: string;
  sort: string | null;
  /** Right-aligned number. */
  num?: boolean;
  /** Left out where the window is narrow. */
  extra?: boolean;
  cell: (run: Run, context: CellContext) => ReactNode;
}

function outcome(run: Run): string {
  return run.error_class ? errorWord(run.error_class) : (run.outcome ?? "");
}

function Cost({ run }: { run: Run }) {
  const [letter, words] = COST_MARK[run.cost_usd.source];
  const value = costValue(run.cost_usd);
  if (value === null)
    return (
      <span className="muted" title="no price or cost known">
        —
      </span>
    );
  return (
    <span title={words}>
      {dollars(value)} <sup className="muted">{letter}</sup>
    </span>
  );
}

function flagsOf(run: Run): string[] {
  // A dash in the column of cost already says that no price is known.
  const found = run.flags.filter((flag) => flag !== "cost_unpriced").map((flag) => flag.replaceAll("_", " "));
  const orphans = run.orphans.repaired + run.orphans.missing;
  if (orphans > 0 && !found.includes("orphans")) found.push("orphans");
  if (run.residual_tokens && !found.includes("residual")) found.push("residual");
  return found;
}

export const COLUMNS: readonly Column[] = [
  { name: "state", title: "state", sort: null, cell: (run) => <StateMark run={run} /> },
  {
    name: "agent",
    title: "agent",
    sort: null,
    cell: (run, { linkOf }) => (
      <Link to={linkOf(run)} tabIndex={-1} title={run.run_id}>
        {runTitle(run)} <span className="muted">{versionText(run)}</span>
      </Link>
    ),
  },
  {
    name: "outcome",
    title: "outcome",
    sort: null,
    extra: true,
    cell: (run) => <span title={outcome(run)}>{outcome(run)}</span>,
  },
  {
    name: "started",
    title: "started",
    sort: "started_at",
    num: true,
    cell: (run, { now }) => <span title={moment(run.started_at)}>{clock(run.started_at, now)}</span>,
  },
  {
    name: "duration",
    title: "duration",
    sort: "duration_s",
    num: true,
    cell: (run, { now }) => duration(elapsedS(run, now)),
  },
  {
    name: "calls",
    title: "calls",
    sort: "model_calls",
    num: true,
    extra: true,
    cell: (run) => count(run.model_calls),
  },
  {
    name: "tools",
    title: "tools",
    sort: "tool_calls",
    num: true,
    extra: true,
    cell: (run) => count(run.tool_calls),
  },
  { name: "spans", title: "spans", sort: "spans", num: true, extra: true, cell: (run) => count(run.spans) },
  {
    name: "tokens",
    title: "tokens",
    sort: "tokens_total",
    num: true,
    cell: (run) => <span title={tokensWords(run.tokens)}>{tokensText(run.tokens)}</span>,
  },
  { name: "cost", title: "cost", sort: "cost_usd", num: true, cell: (run) => <Cost run={run} /> },
  {
    name: "flags",
    title: "flags",
    sort: null,
    extra: true,
    cell: (run) => <span title={flagsOf(run).join(", ")}>{flagsOf(run).join(", ")}</span>,
  },
];
