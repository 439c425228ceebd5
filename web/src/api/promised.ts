/** What was promised of a run and of a task, as the API answers it. Unknown is null or absent. */

export const QUANTITIES = ["tokens_total", "tokens_input", "tokens_output", "steps", "cost_usd", "seconds"] as const;
export type Quantity = (typeof QUANTITIES)[number];

/** The share of runs that stays at or below each: 10, 50, 90 and 99 per cent. */
export interface Spread {
  q10: number;
  q50: number;
  q90: number;
  q99: number;
}

export type Spreads = { [name in Quantity]?: Spread | null };

export interface Basis {
  rung: string;
  name: string;
  n: number;
  censored: number;
  weight: number;
}

/** A promise beside what the run took. `position`: the share of such runs that take at most that; `over`: above the 90 % mark. */
export interface RunEstimate extends Spreads {
  made_at: string;
  source: "agent" | "server" | "replayed";
  confidence: "low" | "medium" | "high";
  cold: boolean;
  why: string;
  warnings?: string[];
  basis: Basis[];
  spent: { [name in Quantity]?: number | null };
  over: Quantity[];
  over_budget: boolean | null;
  position: { [name in Quantity]?: number | null };
  /** Where one was set. */
  ceiling?: { [name in Quantity]?: number | null } | null;
  /** Of one run that goes on: the whole run, estimated anew from what it took so far. */
  live?: Spreads | null;
}

/** `GET estimate`: what a task would take. */
export interface TaskEstimate {
  estimate: Spreads;
  n: number | null;
  confidence: "low" | "medium" | "high";
  cold: boolean;
  why: string;
  warnings: string[];
  basis: Basis[];
  /** The chance to stay within each ceiling that was given. */
  fits: { [name in Quantity]?: number | null };
}

export const LEVELS = ["0.5", "0.9", "0.99"] as const;
export type Level = (typeof LEVELS)[number];

/** A share of runs that stayed at or below a promised level, with its 95 % interval. */
export interface Coverage {
  share: number;
  low: number;
  high: number;
  n: number;
}

export interface Calibrated {
  agent: string | null;
  model: string | null;
  n: number;
  censored: number;
  coverage: { [level in Level]: Coverage | null };
  pinball: { [level in Level]?: number | null } | null;
  pinball_constant: { [level in Level]?: number | null } | null;
  drift: (Coverage & { level: string; why: string; mend: string }) | null;
}

/** `GET estimates/calibration`: whether promises held, by agent and model. */
export interface Calibration {
  quantity: Quantity;
  since: string;
  until: string;
  runs: number;
  left_out: number;
  items: Calibrated[];
}
