/** What the watch over the fleet answers: streams, the promise, alerts, contrasts (docs/design/signals.md). Unknown is null. */

import type { Listing, Rate } from "./types";

export type Keys = Record<string, string | null>;
export type Lane = "pooled" | "cohort" | "deploy" | "live" | "burn";
export type SignalKind = "rate" | "amount";
export type StreamState = "learning" | "quiet" | "rising" | "reached";

/** A number with its interval and n; without a value `reason` says why. */
export interface Measured {
  value: number | null;
  low: number | null;
  high: number | null;
  n: number;
  method: string | null;
  reason: string | null;
  n_needed: number | null;
}

export interface DeployOf {
  part: string;
  old: string | null;
  new: string;
  opened_at: string;
}

export interface Stream {
  stream_id: string;
  signal: string;
  title: string;
  unit: string;
  kind: SignalKind;
  lane: Lane;
  cohort: Keys;
  deploy: DeployOf | null;
  state: StreamState;
  evidence: number;
  /** Null until it is known how much is observed in a month. */
  threshold: number | null;
  runs: number;
  now: Measured;
  before: Measured;
  runs_needed: number | null;
  sees: number | null;
}

export interface Condition {
  name: string;
  holds: boolean | null;
  because: string;
  measured: Measured;
}

export interface Promised {
  alarms_per_month: number;
  expected_so_far: number;
  since: string;
  conditions: Condition[];
}

export interface Streams extends Listing<Stream> {
  promise: Promised;
}

export interface HistoryPoint {
  at: string;
  evidence: number;
  value: number | null;
  low: number | null;
  high: number | null;
}

export interface DeployMark {
  part: string;
  old: string | null;
  new: string;
  cohort: Keys;
  at: string;
}

export interface AlertSpan {
  alert_id: string;
  state: AlertState;
  from: string;
  to: string | null;
}

export type ExemplarRole = "medoid" | "boundary" | "worst" | "healthy";

export interface Exemplar {
  role: ExemplarRole;
  run_id: string;
  because: string;
}

export interface StreamDetail extends Stream {
  history: HistoryPoint[];
  deploys: DeployMark[];
  alerts: AlertSpan[];
  exemplars?: Exemplar[];
}

/** The share of one kind of runs among all. No regression: no rate of that kind moved. */
export interface MixShift {
  where: Keys;
  now: Measured;
  before: Measured;
}

export type AlertState = "pending" | "firing" | "resolved";
export type AlertKind = "regression" | "loop" | "stuck" | "runaway" | "burn";

export interface Slice {
  where: Keys;
  n: number;
  mean: number;
  expected: number;
  score: number;
}

/** One signal of these runs got worse. For `live` and `burn` the evidence is a fact, not a probability. */
export interface Found {
  kind: AlertKind;
  signal: string;
  title: string;
  unit: string;
  lane: Lane;
  cohort: Keys;
  where: Keys;
  stream_id: string;
  evidence: number;
  threshold: number | null;
  at: string;
  n: number;
  now: Measured;
  before: Measured;
  deploy: DeployOf | null;
  slices: Slice[];
  run_ids: string[];
  wasted_usd: number | null;
}

export interface AlertEvent {
  at: string;
  what: string;
  words: string;
  by: string | null;
}

export type AlertClass = "policy" | "infrastructure" | "capability" | "shift" | "wobble";

/** Whether people were told, and why or why not. `defect`: its quality keeps it from paging. */
export interface Paging {
  what: "page" | "batch" | "hold" | "list";
  reason: string;
  defect: boolean;
}

/** What became of an earlier alert of the same signature. */
export interface Before {
  kind: string;
  by: string | null;
  at: string;
  refuted: boolean;
}

/** What on call adds to an alert; absent where the server keeps none. */
export interface OnCall {
  class?: AlertClass | null;
  paging?: Paging | null;
  first_action?: { text: string; link: string | null } | null;
  suspect?: string | null;
  before?: Before[];
  muted_by?: string | null;
  snoozed_until?: string | null;
  disposition?: { kind: string; reason: string; by: string; price?: string; expires_at: string | null } | null;
}

/** A list gives the first finding and `findings_n`, and no events. */
export interface Alert extends OnCall {
  alert_id: string;
  signature: string;
  kind: AlertKind;
  state: AlertState;
  title: string;
  where: Keys;
  opened_at: string;
  fired_at: string | null;
  resolved_at: string | null;
  updated_at: string;
  resolution: string | null;
  wasted_usd: number | null;
  findings: Found[];
  findings_n?: number;
  events?: AlertEvent[];
  exemplars?: Exemplar[];
}

export interface Difference {
  key: string;
  value: string | null;
  where: Rate | null;
  against: Rate | null;
  where_runs: number;
  against_runs: number;
  lift: number | null;
  difference: { value: number; low: number; high: number } | null;
  score: number | null;
  verdict: "more_often" | "less_often" | "no_difference_shown" | "not_enough_data";
}

export interface Contrast extends Listing<Difference> {
  since: string;
  until: string;
  where: string[];
  against: string[];
  where_runs: number;
  against_runs: number;
  enough_data: boolean;
  runs_needed: number;
  compared: number;
  left_out: number;
  exemplars?: Exemplar[];
}

/** Few cohorts that make most of the last hour's tokens or dollars. */
export interface Concentration {
  cohorts: number;
  of: number;
  share_80: number;
  top: { keys: Keys; share: number }[];
}
