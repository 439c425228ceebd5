/** What the palette offers for a text. Pure. */

import type { Facets, Run } from "../api/types";
import { linkTo, runPath } from "../url/place";

export interface Find {
  id: string;
  kind: string;
  title: string;
  note: string;
  to: string;
}

const VIEWS: readonly (readonly [string, string, string])[] = [
  ["/", "Fleet", "population, cohorts, what moved"],
  ["/fleet/signals", "Signals", "every stream that is watched, closest to its threshold first"],
  ["/alerts", "Alerts", "what needs somebody's eyes, by urgency"],
  ["/incidents", "Incidents", "severity by harm, what is missing to close, post-mortems"],
  ["/mutes", "Mutes", "what may not page, until when, and its canary"],
  ["/handover", "Handover", "the shift on one page: paged, held, refuted, calibration, drills"],
  ["/runs", "Runs", "list with facets and live tail"],
  ["/limits", "Limits", "provider accounts, who waits, retries, breakers"],
  ["/health", "Health", "the way in, limits, findings"],
  ["/settings", "Settings", "theme, refresh, density, keys"],
];

/** Facets that are searched; those with a closed set of values come with the filter list anyway. */
export const FIND_FACETS = [
  "agent",
  "prompt_version",
  "model",
  "error_class",
  "environment",
  "feature",
  "tenant",
  "lifecycle",
  "status",
  "outcome",
];

const FACETS_MAX = 12;

function has(text: string, wanted: string): boolean {
  return text.toLowerCase().includes(wanted);
}

export function finds(text: string, params: URLSearchParams, runs: readonly Run[], facets: Facets | undefined): Find[] {
  const wanted = text.trim().toLowerCase();
  return [
    ...views(wanted, params),
    ...values(wanted, params, facets),
    ...found(runs, params),
    ...search(text.trim(), params),
  ];
}

function views(wanted: string, params: URLSearchParams): Find[] {
  return VIEWS.filter(([, title]) => has(title, wanted)).map(([path, title, note]) => ({
    ...{ id: `view:${path}`, kind: "go to", title, note, to: linkTo(path, params) },
  }));
}

function values(wanted: string, params: URLSearchParams, facets: Facets | undefined): Find[] {
  if (!facets) return [];
  const all = Object.entries(facets.facets).flatMap(([name, list]) => list.map((one) => ({ name, ...one })));
  const hits = all.filter((one) => one.value !== null && (has(one.value, wanted) || has(one.name, wanted)));
  return hits.slice(0, FACETS_MAX).map(({ name, value, count }) => ({
    ...{ id: `${name}:${value}`, kind: name.replaceAll("_", " "), title: value as string },
    ...{ note: `${count} runs`, to: linkTo("/runs", params, { [name]: [value as string] }) },
  }));
}

function found(runs: readonly Run[], params: URLSearchParams): Find[] {
  return runs.map((run) => ({
    ...{ id: `run:${run.run_id}`, kind: "run", title: run.run_id, note: run.agent ?? run.root_name },
    to: linkTo(runPath(run.run_id), params),
  }));
}

function search(text: string, params: URLSearchParams): Find[] {
  if (!text) return [];
  return [
    { id: "search", kind: "search", title: `runs with “${text}”`, note: "", to: linkTo("/runs", params, { q: text }) },
  ];
}
