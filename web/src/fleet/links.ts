/** Where the numbers of a cohort lead: the runs behind them. Pure. */

import type { Cohort } from "../api/types";
import { type Changes, linkTo } from "../url/place";

export const COHORT_KEYS = [
  "agent",
  "agent_version",
  "prompt_version",
  "model",
  "provider",
  "environment",
  "feature",
  "tenant",
  "task_class",
] as const;

export const DEFAULT_BY = ["agent", "prompt_version", "model"];

export function groupBy(params: URLSearchParams): string[] {
  const asked = (params.get("by") ?? "").split(",").filter((name) => (COHORT_KEYS as readonly string[]).includes(name));
  return asked.length > 0 ? asked : DEFAULT_BY;
}

/** Runs of one cohort. An unknown key becomes the empty value, which the API reads as "unknown". */
export function cohortLink(cohort: Cohort, params: URLSearchParams, extra: Changes = {}): string {
  const keys = Object.fromEntries(Object.entries(cohort.keys).map(([name, value]) => [name, value ?? ""]));
  return runsLink(params, { ...keys, ...extra });
}

/** Runs of the fleet's window: without a range the fleet shows the last hour, so the link says so. */
export function runsLink(params: URLSearchParams, extra: Changes = {}): string {
  const window: Changes = params.get("since") || params.get("until") ? {} : { since: "-60m" };
  return linkTo("/runs", params, { ...window, ...extra });
}
