/** What on call answers and takes: choices, dispositions, mutes, probes, forecasts, handover, drills (docs/design/oncall.md). Unknown is null. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { postJson } from "./client";
import { usePolled, useProject } from "./queries";
import type { Listing } from "./types";
import type { Alert, Keys } from "./watched";

export type DispositionKind = "normal_swing" | "accepted_change" | "duplicate" | "harmless" | "wobble" | "fixed";

/** One disposition as it would be now: its price, and why it is not allowed. */
export interface Choice {
  kind: DispositionKind;
  parameter: string;
  asks_for: string[];
  price: string;
  expires_days: number | null;
  allowed: boolean;
  why_not: string | null;
  code: string | null;
}

/** What came after, held against what was claimed. */
export interface HeldTest {
  n: number;
  evidence: number;
  threshold: number;
  refuted: boolean;
  words: string;
}

export interface Disposition {
  disposition_id: string;
  alert_id: string;
  signature: string;
  kind: DispositionKind;
  reason: string;
  by: string;
  at: string;
  expires_at: string | null;
  price: string;
  ended_at: string | null;
  ended_because: string | null;
  test: HeldTest | null;
}

export interface Mute {
  mute_id: string;
  signal: string | null;
  where: Keys;
  owner: string;
  reason: string;
  at: string;
  until: string;
  ended_at: string | null;
  ended_because: string | null;
  canary: HeldTest | null;
  held: number;
}

export type ProbeState = "running" | "waiting" | "done" | "failed";

export interface Probe {
  probe_id: string;
  alert_id: string | null;
  run_id: string | null;
  state: ProbeState;
  verdict: "regression" | "wobble" | "undecided" | null;
  pairs: number;
  candidate_failures: number;
  baseline_failures: number;
  evidence: number;
  reverse_evidence: number;
  error_rates: { false_regression: number | null; missed: number | null } | null;
  in_words: string;
  /** Why it could not be run. */
  because: string | null;
  by: string | null;
  at: string;
  ended_at: string | null;
}

export interface ProbeTarget {
  name: string;
  kind: string;
  candidate: string;
  baseline: string;
}

export interface Tenth {
  low: number;
  high: number;
  n: number;
  stated: number | null;
  real: number | null;
  real_low: number | null;
  real_high: number | null;
  found: string | null;
}

export interface Calibration {
  stated: number;
  decided: number;
  needed: number;
  brier: number | null;
  tenths: Tenth[];
}

export interface Drill {
  drill_id: string;
  kind: "regression" | "noise";
  size: number | null;
  state: string;
  started_at: string;
  found_at: string | null;
  detect_s: number | null;
  runs_until: number | null;
  escalated: boolean | null;
  in_words: string;
}

export interface ShareOf {
  n: number;
  rate: number | null;
  low: number | null;
  high: number | null;
}

export interface Drills extends Listing<Drill> {
  detection?: ShareOf | null;
  false_escalation?: ShareOf | null;
}

interface Waited {
  alert: Alert;
  reason: string;
}

export interface Handover {
  since: string;
  until: string;
  in_words: string;
  paged: Alert[];
  batched: Waited[];
  held: Waited[];
  refuted: Disposition[];
  expiring: { what: string; id: string; in_words: string; by: string; expires_at: string }[];
  incidents: { incident_id: string; title: string; state: string; severity: number | null; opened_at: string }[];
  quality: { defects: Waited[]; false_pages_expected: number | null };
  drills: Drill[];
  markdown: string;
}

function ofAlert(alertId: string, what: string): string {
  return `alerts/${encodeURIComponent(alertId)}/${what}`;
}

export function useChoices(alertId: string) {
  return usePolled<Listing<Choice>>(
    ofAlert(alertId, "choices"),
    { project: useProject() },
    { live: false, keep: false },
  );
}

export function useDispositions(alertId: string) {
  const query = { project: useProject(), alert_id: alertId };
  return usePolled<Listing<Disposition>>("dispositions", query, { floorS: 5, keep: false });
}

export function useMutes() {
  return usePolled<Listing<Mute>>("mutes", { project: useProject() }, { floorS: 5 });
}

/** Told often while one runs: its progress is what somebody waits for. */
export function useProbes(alertId: string) {
  const query = { project: useProject(), alert_id: alertId };
  return usePolled<Listing<Probe>>("probes", query, { floorS: 1, keep: false });
}

export function useProbeTargets() {
  return usePolled<Listing<ProbeTarget>>("probe-targets", { project: useProject() }, { live: false });
}

export function useCalibration() {
  return usePolled<Calibration>("calibration", { project: useProject() }, { floorS: 30 });
}

export function useHandover(hours: number) {
  return usePolled<Handover>("handover", { project: useProject(), hours }, { floorS: 15 });
}

export function useDrills() {
  return usePolled<Drills>("drills", { project: useProject() }, { floorS: 5 });
}

export interface Act {
  path: string;
  body: unknown;
}

/** What the answer to an act may change: everything that is told of alerts, incidents and on call. */
const TOUCHED = /^(alerts|incidents|dispositions|mutes|probes|calibration|handover|drills|fleet)/;

/** Sends one act and asks anew whatever it may have changed. */
export function useAct<T = unknown>() {
  const client = useQueryClient();
  const project = useProject();
  return useMutation({
    mutationFn: ({ path, body }: Act) => postJson<T>(path, { project }, body),
    onSuccess: () => client.invalidateQueries({ predicate: (query) => TOUCHED.test(String(query.queryKey[0])) }),
  });
}

export const actOn = {
  close: (alertId: string, body: unknown): Act => ({ path: ofAlert(alertId, "close"), body }),
  reopen: (alertId: string, body: unknown): Act => ({ path: ofAlert(alertId, "reopen"), body }),
  snooze: (alertId: string, by: string): Act => ({ path: ofAlert(alertId, "snooze"), body: { by } }),
  wake: (alertId: string, by: string): Act => ({ path: ofAlert(alertId, "wake"), body: { by } }),
  forecast: (alertId: string, by: string, probability: number): Act => ({
    ...{ path: ofAlert(alertId, "forecast"), body: { by, probability } },
  }),
  probe: (alertId: string, body: unknown): Act => ({ path: ofAlert(alertId, "probe"), body }),
};
