/** What incidents answer and take (docs/design/incidents.md). Unknown is null. */

import { useQuery } from "@tanstack/react-query";
import { apiPath, postJson, savedKey } from "./client";
import type { Act } from "./oncall";
import { usePolled, useProject } from "./queries";
import type { Listing, Rate } from "./types";
import type { Keys } from "./watched";

export interface Seen {
  events: number;
  trials: number;
}

export interface Harm {
  type: string;
  actual: boolean;
  reversible: string;
  magnitude: string;
}

export interface Facts {
  id?: string;
  title: string;
  harms: Harm[];
  rate: Seen | null;
  traffic_per_day: number | null;
  affected_users: number | null;
  autonomy: string;
  caught_by: string;
  undetected_hours: number | null;
  domain: string;
  ongoing: boolean;
  confidence: string;
}

export interface Grade {
  severity: number;
  rubric_version: string;
  rubric_digest: string;
  because: string[];
  facts: Facts;
  by: string;
  at: string;
  approver: string | null;
  recomputes: boolean | null;
}

export interface Clock {
  code: string;
  title: string;
  starts: string;
  because: string;
  hours: number;
  started_at: string | null;
  due_at: string | null;
  left_hours: number | null;
  stopped_at: string | null;
  note: string | null;
}

export interface Exposure {
  runs: number;
  /** Null when no run of the window has an outcome. */
  failing: Rate | null;
  sessions: number;
  users: number;
  tenants: number;
  per_day: number | null;
}

export interface Triage {
  step: string;
  finding: "cause" | "ruled_out" | "unknown";
  evidence: string;
  by: string;
  at: string;
}

export interface Field {
  value: string;
  source: "runs" | "typed" | "not_applicable";
  by: string;
}

export interface RootCause {
  kind: "single" | "distributional";
  text: string;
  rate: Seen | null;
  share: Rate | null;
  factors: string[];
  confidence: string;
}

export interface ActionItem {
  action_id: string;
  text: string;
  owner: string;
  due: string | null;
  done_at: string | null;
}

export interface Incident {
  incident_id: string;
  title: string;
  state: "open" | "contained" | "closed";
  severity: number | null;
  grades: Grade[];
  facts: Facts | null;
  /** What the rubric asks for at this grade. */
  response: { respond_within_minutes: number | null; containment: string; tell: string; legal: boolean } | null;
  alert_ids: string[];
  signature: string;
  where: Keys;
  window: { from: string | null; to: string | null } | null;
  exposure: Exposure | null;
  replay_plan: { rate: number; n: number; done: number; seen: number } | null;
  triage: Triage[];
  fields: Record<string, Field | undefined>;
  root_cause: RootCause | null;
  actions: ActionItem[];
  clocks: Clock[];
  review_required: { why: string; earlier: string[]; found: string | null } | null;
  timeline: { at: string; what: string; words: string; by: string | null }[];
  to_close: string[];
  opened_at: string;
  closed_at: string | null;
  by: string;
}

/** What the facts would be graded as, without a record of it. */
export interface Preview {
  severity: number;
  rubric_version: string;
  because: string[];
  clocks: { code: string; title: string; hours: number; starts: string; because: string }[];
}

export function incidentAct(incidentId: string, what: string, body: unknown): Act {
  return { path: `incidents/${encodeURIComponent(incidentId)}/${what}`, body };
}

export function useIncidents(query: { state?: readonly string[]; severity?: string | null } = {}) {
  return usePolled<Listing<Incident>>("incidents", { project: useProject(), ...query, limit: 100 }, { floorS: 5 });
}

export function useIncident(incidentId: string) {
  const path = `incidents/${encodeURIComponent(incidentId)}`;
  return usePolled<Incident>(path, { project: useProject() }, { floorS: 3, keep: false });
}

/** Grades facts as they are typed. Silent when the server can not: the grade is then told once it is recorded. */
export function usePreview(facts: Facts | null) {
  const project = useProject();
  return useQuery({
    queryKey: ["grade-preview", project, facts],
    queryFn: () => postJson<Preview>("incidents/grade", { project }, { facts }),
    enabled: facts !== null,
    retry: false,
    placeholderData: (before) => before,
  });
}

/** The address of a document of an incident, for a link. */
export function documentPath(incidentId: string, what: "affected" | "postmortem", format: string, project: string) {
  return apiPath(`incidents/${encodeURIComponent(incidentId)}/${what}`, { format, project });
}

/** A document as text; asked with the key of this tab, which a plain link would not carry. Raises an Error with its status. */
export async function documentText(address: string): Promise<string> {
  const key = savedKey();
  const answer = await fetch(address, key ? { headers: { authorization: `Bearer ${key}` } } : {});
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  return answer.text();
}
