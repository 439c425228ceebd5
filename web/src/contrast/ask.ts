/** What a chosen range or group is compared with, to and from the URL. Pure. */

import type { Query } from "../api/client";
import type { Difference, Keys, Stream } from "../api/watched";
import { type Picked, pickedFrom, pickedWords } from "../parts/brush";
import { ALL_FACETS } from "../runs/filter";

export type How = "these" | "failed";

export interface Chosen {
  picked: Picked | null;
  /** "name=value" of the API's selections. */
  group: string[];
  /** `these`: the chosen runs against all others; `failed`: those that failed against the others, both among the chosen. */
  how: How;
  /** The other side where it is not simply the rest: the old version of a deploy. */
  against?: string[];
}

/** What the reader chose; null while nothing is chosen. */
export function chosenOf(params: URLSearchParams): Chosen | null {
  const picked = pickedFrom(params.get("sel"));
  const group = params.getAll("group");
  if (picked === null && group.length === 0) return null;
  return { picked, group, how: params.get("how") === "failed" ? "failed" : "these" };
}

/** Selections of the API for a slice; names that no run can be filtered by (a tool) are left out. */
export function groupOf(where: Keys): string[] {
  return Object.entries(where)
    .filter(([name]) => ALL_FACETS.includes(name))
    .map(([name, value]) => `${name}=${value ?? ""}`);
}

/** What a stream or a finding is held against: the old version within the same cohort; null where there is no deploy. */
export function oldOf(of: { cohort: Keys; deploy: Stream["deploy"] }): string[] | null {
  return of.deploy === null ? null : groupOf({ ...of.cohort, [of.deploy.part]: of.deploy.old });
}

/** The question to the API. `since` and `until` bound the runs that are looked at. */
export function contrastQuery(chosen: Chosen, bounds: { since: string | null; until: string | null }): Query {
  const { picked, group, how } = chosen;
  const iso = (ms: number) => new Date(ms).toISOString();
  if (how === "failed") {
    const window = picked ? { since: iso(picked.fromMs), until: iso(picked.toMs) } : bounds;
    return { ...window, where: ["failed", ...group], against: group };
  }
  if (!picked) return { ...bounds, where: group, ...(chosen.against ? { against: chosen.against } : {}) };
  return { ...bounds, where: group, against: group, where_since: iso(picked.fromMs), where_until: iso(picked.toMs) };
}

/** Whether a difference tells more than the choice itself says: what was chosen by is different by definition. */
export function isNews(one: Difference, chosen: Chosen): boolean {
  if (one.verdict !== "more_often" && one.verdict !== "less_often") return false;
  if ([...chosen.group, ...(chosen.against ?? [])].some((word) => word.startsWith(`${one.key}=`))) return false;
  return !(chosen.how === "failed" && one.key === "error_class" && one.value === null);
}

/** "support-agent, 14:05 to 14:12" */
export function chosenWords(chosen: Chosen): string {
  const group = chosen.group.map((word) => word.slice(word.indexOf("=") + 1) || `${word.slice(0, -1)} not known`);
  return [...group, ...(chosen.picked ? [pickedWords(chosen.picked)] : [])].join(", ");
}
