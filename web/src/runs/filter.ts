/** The filter, order and selection of the runs list, to and from the URL. Pure. */

import type { Query } from "../api/client";
import type { Range } from "../url/range";
import { rangeOf } from "../url/range";

/** Names of the API that filter by equality (docs/design/api.md, RUN_FACETS). */
export const FACETS = [
  "lifecycle",
  "status",
  "agent",
  "prompt_version",
  "model",
  "error_class",
  "environment",
  "outcome",
  "agent_version",
  "provider",
  "feature",
  "tenant",
  "task_class",
] as const;

/** Filters that can be linked to but have too many values to be listed. */
export const QUIET_FACETS = ["session_id", "user_hash", "toolset_hash", "config_hash"] as const;

export const ALL_FACETS: readonly string[] = [...FACETS, ...QUIET_FACETS];

export const HAS: readonly (readonly [string, string])[] = [
  ["failed", "failed"],
  ["succeeded", "succeeded"],
  ["error", "an error inside"],
  ["orphans", "orphans"],
  ["residual", "residual tokens"],
  ["over_budget", "over its promise"],
];

export interface RunsState {
  equals: Record<string, string[]>;
  text: string;
  has: string[];
  range: Range;
  sort: string;
  peek: string | null;
  paused: boolean;
}

export const NEWEST = "started_at";

export function stateOf(params: URLSearchParams): RunsState {
  const equals: Record<string, string[]> = {};
  for (const name of ALL_FACETS) {
    const values = params.getAll(name);
    if (values.length > 0) equals[name] = values;
  }
  return {
    equals,
    text: params.get("q") ?? "",
    has: params.getAll("has"),
    range: rangeOf(params),
    sort: params.get("sort") || NEWEST,
    peek: params.get("peek"),
    paused: params.get("tail") === "off",
  };
}

/** What the API is asked for; order and page are added by the caller. */
export function filterQuery(state: RunsState, project: string): Query {
  return {
    project,
    ...state.equals,
    q: state.text || null,
    has: state.has,
    since: state.range.since,
    until: state.range.until,
  };
}

/** `values` with one value switched on or off. */
export function toggled(values: readonly string[], value: string): string[] {
  return values.includes(value) ? values.filter((one) => one !== value) : [...values, value];
}

/** A click on a column: largest first, then smallest first. */
export function nextSort(current: string, column: string): string {
  return current === column ? `-${column}` : column;
}

export function ariaSort(current: string, column: string): "descending" | "ascending" | "none" {
  if (current === column) return "descending";
  return current === `-${column}` ? "ascending" : "none";
}

export function activeCount(state: RunsState): number {
  const values = Object.values(state.equals).reduce((sum, list) => sum + list.length, 0);
  return values + state.has.length + (state.text ? 1 : 0);
}

/** What a missing value means: no error and no outcome were given; of an identity we do not know it. */
export function unsetWord(facet: string): string {
  return facet === "error_class" ? "no error" : facet === "outcome" ? "not given" : "not known";
}
