/** The columns of the runs list. One entry per column: title, order of the API, width, what stands in the cell. */

import type { ReactNode } from "react";
import type { Run } from "../api/types";
import { StateMark } from "../parts/icons";
import { Link } from "../url/navigation";
import { COST_MARK, costValue, count, dollars, tokensText, tokensWords } from "../words/numbers";
import { bodyWords, elapsedS, errorWord, runTitle, versionText } from "../words/run";
import { clock, duration, moment } from "../words/time";
import { PromiseBar } from "./promise-bar";

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
  /** Track of the grid. */
  width: string;
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

/** A part of the identity as a column of its own. */
function named(name: IdentityName, title = name.replaceAll("_", " ")): Column {
  const cell = (run: Run) => <span title={run[name] ?? ""}>{run[name] ?? "—"}</span>;
  return { name, title, sort: null, extra: true, width: "minmax(88px, 1fr)", cell };
}

type IdentityName =
  | "agent_version"
  | "prompt_version"
  | "model"
  | "provider"
  | "environment"
  | "feature"
  | "tenant"
  | "task_class"
  | "session_id"
  | "run_id";

function number(name: "retries" | "errors" | "depth"): Column {
  const cell = (run: Run) => count(run[name]);
  return { name, title: name, sort: null, num: true, extra: true, width: "60px", cell };
}

/** Shown until somebody chooses. */
export const USUAL: readonly Column[] = [
  { name: "state", width: "80px", title: "state", sort: null, cell: (run) => <StateMark run={run} /> },
  {
    name: "agent",
    width: "minmax(120px, 2fr)",
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
    width: "minmax(92px, 1.2fr)",
    title: "outcome",
    sort: null,
    extra: true,
    cell: (run) => <span title={outcome(run)}>{outcome(run)}</span>,
  },
  {
    name: "started",
    width: "88px",
    title: "started",
    sort: "started_at",
    num: true,
    cell: (run, { now }) => <span title={moment(run.started_at)}>{clock(run.started_at, now)}</span>,
  },
  {
    name: "duration",
    width: "88px",
    title: "duration",
    sort: "duration_s",
    num: true,
    cell: (run, { now }) => duration(elapsedS(run, now)),
  },
  {
    name: "calls",
    width: "56px",
    title: "calls",
    sort: "model_calls",
    num: true,
    extra: true,
    cell: (run) => count(run.model_calls),
  },
  {
    name: "tools",
    width: "56px",
    title: "tools",
    sort: "tool_calls",
    num: true,
    extra: true,
    cell: (run) => count(run.tool_calls),
  },
  {
    name: "spans",
    width: "60px",
    title: "spans",
    sort: "spans",
    num: true,
    extra: true,
    cell: (run) => count(run.spans),
  },
  {
    name: "tokens",
    width: "76px",
    title: "tokens",
    sort: "tokens_total",
    num: true,
    cell: (run) => <span title={tokensWords(run.tokens)}>{tokensText(run.tokens)}</span>,
  },
  {
    name: "promised",
    width: "144px",
    title: "promised, spent",
    sort: null,
    extra: true,
    cell: (run) => <PromiseBar run={run} />,
  },
  { name: "cost", width: "84px", title: "cost", sort: "cost_usd", num: true, cell: (run) => <Cost run={run} /> },
  {
    name: "flags",
    width: "minmax(96px, 1.2fr)",
    title: "flags",
    sort: null,
    extra: true,
    cell: (run) => <span title={flagsOf(run).join(", ")}>{flagsOf(run).join(", ")}</span>,
  },
];

const MORE: readonly Column[] = [
  {
    name: "texts",
    title: "texts",
    sort: null,
    extra: true,
    width: "minmax(110px, 1.2fr)",
    cell: (run) => <span title={bodyWords(run)}>{bodyWords(run)}</span>,
  },
  named("model"),
  named("agent_version"),
  named("prompt_version"),
  named("provider"),
  named("environment"),
  named("feature"),
  named("tenant"),
  named("task_class"),
  named("session_id", "session"),
  named("run_id", "run id"),
  number("errors"),
  number("retries"),
  number("depth"),
];

export const COLUMNS: readonly Column[] = [...USUAL, ...MORE];

/** State and agent stand always: without them a row is nobody. */
export const ALWAYS: ReadonlySet<string> = new Set(["state", "agent"]);

/** The columns that the URL names, in the order of COLUMNS; unknown names are passed over. */
export function columnsOf(named: string | null): readonly Column[] {
  if (named === null) return USUAL;
  const wanted = new Set(named.split(","));
  return COLUMNS.filter((column) => ALWAYS.has(column.name) || wanted.has(column.name));
}

/** What the URL says of chosen columns; null for the usual ones. */
export function columnsParam(columns: readonly Column[]): string | null {
  const names = columns.map((column) => column.name);
  return names.join() === USUAL.map((column) => column.name).join() ? null : names.join(",");
}

/** The tracks of the grid: in full, where the room is narrow, on a phone. */
export function tracks(columns: readonly Column[]): Record<string, string> {
  const of = (list: readonly Column[]) => list.map((column) => column.width).join(" ");
  const narrow = columns.filter((column) => !column.extra);
  const least = narrow.filter((column) => column.name !== "duration");
  const least_px = columns.reduce((sum, column) => sum + Number(/\d+/.exec(column.width)?.[0] ?? 80), 0);
  return {
    "--columns": of(columns),
    "--columns-narrow": of(narrow),
    "--columns-least": of(least),
    "--least": `${least_px}px`,
  };
}
