/** The documents of docs/design/api.md, as far as the page reads them. Unknown is null. */

import type { RunEstimate } from "./promised";
import type { Concentration, MixShift, Promised, Stream } from "./watched";

export interface Rate {
  value: number;
  n: number;
  low: number;
  high: number;
}

export interface Problem {
  title: string;
  status: number;
  detail: string | null;
  code: string;
  mend: string | null;
  retry_after_s?: number | null;
}

export interface Listing<T> {
  items: T[];
  next_cursor: string | null;
}

export type Lifecycle = "running" | "waiting" | "stalled" | "lost" | "finished";
export type RunStatus = "ok" | "error" | "unknown";

export interface Tokens {
  input: number | null;
  output: number | null;
  cache_read: number | null;
  cache_write: number | null;
  reasoning: number | null;
  total: number | null;
  coverage: "full" | "partial" | "none";
}

export interface Cost {
  computed: number | null;
  reported: number | null;
  source: "reported" | "priced" | "reconciled" | "unpriced";
}

export interface Run {
  run_id: string;
  project: string;
  trace_ids: string[];
  session_id: string | null;
  session_source: string | null;
  tenant: string | null;
  environment: string | null;
  feature: string | null;
  task_class: string | null;
  user_hash: string | null;
  agent: string | null;
  agent_version: string | null;
  prompt_version: string | null;
  model: string | null;
  provider: string | null;
  toolset_hash: string | null;
  config_hash: string | null;
  lifecycle: Lifecycle;
  status: RunStatus;
  error_class: string | null;
  outcome: string | null;
  started_at: string;
  ended_at: string | null;
  last_seen: string;
  duration_s: number | null;
  spans: number;
  model_calls: number;
  tool_calls: number;
  retries: number;
  errors: number;
  depth: number;
  tokens: Tokens;
  cost_usd: Cost;
  residual_tokens: number | null;
  orphans: { repaired: number; missing: number };
  root_name: string;
  root_span_id: string | null;
  root_synthetic: boolean;
  tools: Record<string, number>;
  models: Record<string, number>;
  dialects: string[];
  flags: string[];
  body_probability: number | null;
  body_reason: string | null;
  /** Null or absent where nothing was promised. */
  estimate?: RunEstimate | null;
}

export interface RunSpan {
  trace_id: string;
  span_id: string;
  parent_span_id: string | null;
  tree_parent_span_id: string | null;
  name: string;
  started_at: string;
  ended_at: string | null;
  duration_ms: number | null;
  offset_ms: number;
  status: "ok" | "error" | "unset";
  status_message: string | null;
  op_kind: string;
  op_name: string | null;
  dialect: string;
  provider: string | null;
  model_request: string | null;
  model_response: string | null;
  response_id: string | null;
  finish_reasons: string | null;
  ttft_s: number | null;
  tokens_input: number | null;
  tokens_output: number | null;
  tokens_cache_read: number | null;
  tokens_cache_write: number | null;
  tokens_reasoning: number | null;
  tokens_residual: number | null;
  usage_scope: string;
  agent_name: string | null;
  tool_name: string | null;
  error_type: string | null;
  error_class: string | null;
  retry_attempt: number | null;
  service_name: string | null;
  repair_rule: string | null;
  synthetic: boolean;
  cost_usd: number | null;
  self_error: boolean;
}

/** `GET runs/{id}/outline`: one list per field. Times are microseconds from the run's start; texts are places in `texts`. */
export interface OutlineAnswer {
  run_id: string;
  started_at: string;
  state: "first" | "whole";
  spans: number;
  end_us: number;
  texts: string[];
  traces: string[];
  columns: {
    row: number[];
    trace: number[];
    span_id: string[];
    parent: number[];
    depth: number[];
    end: number[];
    offset_us: number[];
    duration_us: (number | null)[];
    flags: number[];
    kind: number[];
    name: number[];
    model: number[];
    tool: number[];
    agent: number[];
    error: number[];
    rule: number[];
    tokens_input: (number | null)[];
    tokens_output: (number | null)[];
    cache_read: (number | null)[];
    residual: (number | null)[];
    cost_usd: (number | null)[];
  };
  buckets: OutlineBuckets | null;
  next_cursor: string | null;
}

/** Spans at work per pixel of the window. */
export interface OutlineBuckets {
  from_us: number;
  to_us: number;
  spans: number[];
  model: number[];
  tool: number[];
  errors: number[];
  critical: number[];
}

export type Consumer = "tools" | "system" | "user" | "assistant" | "tool_results";
export type CacheWord = "hit" | "missed" | "broken" | "short" | "unknown";

export interface Absent {
  reason: string;
  bytes: number;
}

export interface CallContext {
  trace_id: string;
  span_id: string;
  previous_span_id: string | null;
  agent: string | null;
  model: string | null;
  offset_ms: number;
  tokens_input: number | null;
  cache_read: number | null;
  content_state: string;
  absent: Absent | null;
  messages: number;
  chars: Record<Consumer, number> | null;
  chars_total: number | null;
  shared_chars: number | null;
  cut: number | null;
  cache: CacheWord;
  /** Absent on a server of an earlier version. */
  window?: ContextWindow;
  uses?: Record<Use, number> | null;
  plan?: { used: Record<Use, number> | null; counts: Record<string, number>; cut_reason: string | null } | null;
  cuts?: Cuts | null;
}

export type Use = "tools" | "system" | "world" | "task" | "retrieved" | "history" | "tool_results";

/** Tokens; null = not known. */
export interface ContextWindow {
  advertised: number | null;
  effective: number | null;
  reserve_output: number | null;
  source: "agent" | "table" | null;
}

/** Messages of the call before that did not come again as they were, and what that cost. */
export interface Cuts {
  masked: number;
  summarised: number;
  dropped: number;
  rewritten: number;
  tokens_gone: number | null;
  tokens_again: number | null;
  cost_equivalents: number | null;
  cost_usd: number | null;
}

/** Something that a call's arguments name and that was superseded before: by the messages of call `since_call`. */
export interface Superseded {
  span_id: string;
  call: number;
  tool: string;
  argument: string;
  value: string;
  entity: string;
  /** Null where it is no more. */
  now: string | null;
  since_call: number;
  since_span_id: string;
  in_words: string;
}

export interface Contexts extends Listing<CallContext> {
  calls: number;
}

export interface ContextChange {
  change: "kept" | "added" | "removed" | "edited";
  role: string;
  consumer: Consumer;
  chars_a: number | null;
  chars_b: number | null;
  preview_a: string | null;
  preview_b: string | null;
}

export interface ContextSum {
  messages: number;
  chars: number;
  tokens_estimated: number | null;
}

export interface ContextDiff {
  /** Null for the first call of an agent. */
  a: CallContext | null;
  b: CallContext;
  changes: ContextChange[];
  kept: ContextSum;
  added: ContextSum;
  removed: ContextSum;
  edited: ContextSum;
  prefix: ContextSum & { share: number | null };
  cache_read: number | null;
  cache: CacheWord;
  in_words: string;
  changes_left_out: number;
}

export interface MessagePart {
  type: string;
  content?: unknown;
  id?: unknown;
  name?: unknown;
  arguments?: unknown;
  result?: unknown;
  [key: string]: unknown;
}

export interface Message {
  role: string;
  parts: MessagePart[];
  finish_reason?: string | null;
}

export interface SpanDetail extends RunSpan {
  raw: Record<string, unknown> | null;
  messages: { input: Message[]; output: Message[]; content_state: string } | null;
  mapped_by: Record<string, string>;
  absent: Absent | null;
}

export interface FleetMinute {
  minute: string;
  runs: number;
  failed: number;
  scored: number;
  tokens_total: number;
  cost_usd: number;
  model_calls: number;
}

export interface Fleet {
  since: string;
  until: string;
  now: string;
  lifecycle: Record<Lifecycle, number>;
  runs: number;
  failing: Rate | null;
  tokens: { total: number | null; runs_known: number };
  cost_usd: { total: number | null; runs_known: number };
  minutes: FleetMinute[];
  in_words: string;
  /** Null or absent on a server that keeps no watch. */
  alerts?: { firing: number; pending: number } | null;
  promise?: Promised | null;
  moved?: Stream[] | null;
  mix?: MixShift[] | null;
  concentration?: { tokens: Concentration | null; cost_usd: Concentration | null } | null;
}

export interface Cohort {
  keys: Record<string, string | null>;
  runs: number;
  live: number;
  failing: Rate | null;
  model_calls: number;
  tool_calls: number;
  tokens: { total: number | null; runs_known: number; p50: number | null; p95: number | null };
  cost_usd: { total: number | null; runs_known: number };
  cost_per_success_usd: number | null;
  duration_s: { p50: number | null; p95: number | null };
  last_started_at: string | null;
  series: CohortSeries | null;
}

/** The window in equal parts, oldest first. */
export interface CohortSeries {
  part_s: number;
  runs: number[];
  failing: (number | null)[];
  tokens_per_run: (number | null)[];
}

export interface FacetValue {
  value: string | null;
  count: number;
}

export interface Facets {
  total: number;
  facets: Record<string, FacetValue[]>;
}

export interface Finding {
  code: string;
  severity: string;
  what: string;
  evidence: unknown;
  mend: string | null;
}

export interface Health {
  status: "ok" | "degraded";
  version: string;
  data_format: number | string;
  uptime_s: number;
  ingest: {
    spans_per_s: number | null;
    acknowledged: number;
    repeated: number;
    rejected: Record<string, number>;
    refused: Record<string, number>;
    queue_bytes: number;
    queue_bytes_max: number;
    commit_ms_p50: number | null;
    commit_ms_p99: number | null;
    settle_lag_s: number | null;
    skeleton_share: number;
    skeleton_spans: number;
  };
  storage: { spans: number; runs: number; bytes_on_disk: number | null; path: string };
  limits: { name: string; current: number | null; capacity: number | null; unit: string }[];
  producers: { dialect: string; scope: string; spans: number; model_calls: number; with_usage: number }[];
  findings: Finding[];
  endpoints: { api: string | null; otlp_http: string | null; otlp_grpc: string | null; gateway: string | null };
}

export interface Unmapped {
  key: string;
  dialect: string;
  scope_name: string;
  count: number;
  first_seen: string;
  last_seen: string;
  example_trace_id: string;
}

export interface Rejection {
  at: string;
  reason: string;
  detail: string;
  trace_id: string;
  span_id: string;
  span_name: string;
}

export interface SamplingPolicy {
  mode: "reservoir" | "all" | "off";
  reservoir: number;
  keep: string[];
  top_share: number;
  window_s: number;
}

export interface Sampling {
  policy: SamplingPolicy;
  since: string;
  until: string;
  truncated: boolean;
  sessions: number;
  runs: number;
  undecided: number;
  kept: number;
  reasons: { reason: string; sessions: number; kept: number }[];
  strata: {
    stratum: string;
    parts: Record<string, string> | null;
    seen: number;
    kept: number;
    probability_low: number | null;
    probability_high: number | null;
  }[];
  strata_total: number;
  unknown: Record<string, number>;
  text_bytes: { all: number; kept: number };
  expected_relative_error: { sessions: number | null; tokens: number | null; cost_usd: number | null };
}

export interface Label {
  label: string;
  distinct: { value: number; low: number; high: number };
  admitted: number;
  capacity: number;
  refused: { reason: string; runs: number; example: string }[];
  top: { value: string; runs_low: number; runs_high: number }[];
}

export interface Privacy {
  rules: string[];
  own_rules: string[];
  keep_user_ids: boolean;
  capture: "on" | "off" | "sampled";
  capture_share: number | null;
  redacted: Record<string, number>;
  spans_content_dropped: number;
  spans_erased_refused: number;
  tombstones: number;
}

export interface Retention {
  days: Record<string, number | null>;
  last_round_at: string | null;
  error: string | null;
}
