/** What `GET /limits` answers, and the question. */

import { usePolled, useProject } from "./queries";

export interface Dimension {
  scope: string;
  dimension: "requests" | "input" | "output" | "total" | "concurrency" | "cost_usd";
  unit: string;
  limit: number;
  capacity: number;
  used: number;
  reserved: number;
  remaining: number;
  full_in_s: number | null;
  full_at: string | null;
}

export interface Lane {
  lane: string;
  calls: number;
  tokens: number;
  tenants: { tenant: string; calls: number }[];
  starts_in_s: number | null;
  starts_at: string | null;
}

export interface Breaker {
  failure: string;
  state: "closed" | "open" | "half_open";
  opened: number;
  looks_again_in_s: number | null;
}

export interface Account {
  account: string;
  meter: string;
  dimensions: Dimension[];
  lanes: Lane[];
  held_back: { scope: string; calls: number }[];
  in_flight: number;
  in_flight_max: number | null;
  shed: { reason: string; calls: number }[];
  retries: {
    first_attempts: number;
    retries: number;
    denied: number;
    share: number | null;
    budget_left: number;
  };
  refused_by_provider: number;
  breakers: Breaker[];
  blocked: { reason: string; ends_in_s: number | null } | null;
  answers: number;
  cut_answers: number;
  first_token_s: number | null;
  little: { in_flight: number; per_s: number; time_s: number; gap: number } | null;
  keeping?: { place: string; processes: number; fail: "open" | "closed" | null; lost_for_s: number | null };
}

export interface Limits {
  items: Account[];
  at: string;
  stops: { where: Record<string, string>; reason: string; until: string }[];
  stop_refused: number;
}

export function useLimits(enabled: boolean) {
  return usePolled<Limits>("limits", { project: useProject() }, { enabled });
}
