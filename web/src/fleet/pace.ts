/** Pace of the fleet from its minutes. Pure. */

import type { FleetMinute } from "../api/types";

const LOOK_BACK = 10;

export interface Pace {
  tokensPerMinute: number;
  dollarsPerHour: number;
  minutes: number;
}

/** Means over the last complete minutes (ten at most, none before the first run); null while there is none. */
export function pace(minutes: readonly FleetMinute[], nowMs: number): Pace | null {
  const complete = minutes.filter((minute) => Date.parse(minute.minute) + 60000 <= nowMs);
  const first = complete.findIndex((minute) => minute.runs > 0);
  if (first < 0) return null;
  const newest = Date.parse((complete.at(-1) as FleetMinute).minute);
  const span = Math.min(
    LOOK_BACK,
    Math.round((newest - Date.parse((complete[first] as FleetMinute).minute)) / 60000) + 1,
  );
  const recent = complete.filter((minute) => newest - Date.parse(minute.minute) < span * 60000);
  const sum = (pick: (minute: FleetMinute) => number) => recent.reduce((total, minute) => total + pick(minute), 0);
  return {
    tokensPerMinute: sum((m) => m.tokens_total) / span,
    dollarsPerHour: (sum((m) => m.cost_usd) / span) * 60,
    minutes: span,
  };
}

export interface Series {
  times: number[];
  runs: number[];
  failed: number[];
  tokens: number[];
}

/** One point per minute of the window; minutes the API leaves out had no run, so they are 0. */
export function series(minutes: readonly FleetMinute[], sinceMs: number, untilMs: number): Series {
  const known = new Map(minutes.map((minute) => [Date.parse(minute.minute), minute]));
  const first = Math.floor(sinceMs / 60000) * 60000;
  const made: Series = { times: [], runs: [], failed: [], tokens: [] };
  for (let at = first; at < untilMs; at += 60000) {
    const minute = known.get(at);
    made.times.push(at / 1000);
    made.runs.push(minute?.runs ?? 0);
    made.failed.push(minute?.failed ?? 0);
    made.tokens.push(minute?.tokens_total ?? 0);
  }
  return made;
}
