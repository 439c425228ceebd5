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

/** A promise beside what the run took. `position`: the share of such runs that take less; `over`: above the 90 % mark. */
export interface RunEstimate extends Spreads {
  made_at: string;
  source: "agent" | "server" | "replayed";
  confidence: "low" | "medium" | "high";
  cold: boolean;
  why: string;
  n?: number | null;
  basis?: Basis[];
  spent: { [name in Quantity]?: number | null };
  over: Quantity[];
  position?: { [name in Quantity]?: number | null } | number | null;
  ceiling?: { [name in Quantity]?: number | null } | null;
  /** A run that goes on: the promise made anew from what it took so far. */
  live?: Spreads | null;
}
