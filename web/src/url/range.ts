/** The time range of the page as it stands in the URL: relative ranges are live, absolute ones are frozen. */

export interface Range {
  since: string | null;
  until: string | null;
}

export const RELATIVE: readonly (readonly [string, string])[] = [
  ["-15m", "last 15 min"],
  ["-60m", "last 60 min"],
  ["-6h", "last 6 h"],
  ["-24h", "last 24 h"],
  ["-7d", "last 7 days"],
  ["-30d", "last 30 days"],
];

const UNIT_MS: Record<string, number> = { s: 1e3, m: 6e4, h: 36e5, d: 864e5 };

export function rangeOf(params: URLSearchParams): Range {
  return { since: params.get("since") || null, until: params.get("until") || null };
}

/** Milliseconds of a relative bound ("-60m" → 3,600,000), null for anything else. */
export function relativeMs(bound: string): number | null {
  const found = /^-(\d+)([smhd])$/.exec(bound);
  return found ? Number(found[1]) * (UNIT_MS[found[2] as string] as number) : null;
}

/** Milliseconds since the epoch of any bound the API accepts; null when it cannot be read. */
export function boundMs(bound: string, nowMs: number): number | null {
  const back = relativeMs(bound);
  if (back !== null) return nowMs - back;
  if (/^\d+$/.test(bound)) return Number(bound);
  const parsed = Date.parse(bound);
  return Number.isNaN(parsed) ? null : parsed;
}

/** Live while nothing but the present closes it. */
export function isLive(range: Range): boolean {
  return range.until === null && (range.since === null || relativeMs(range.since) !== null);
}

function shortTime(bound: string): string {
  const ms = boundMs(bound, Date.now());
  if (ms === null) return bound;
  return new Date(ms).toLocaleString(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
}

/** The range in words; `whenUnset` is what the view does without a range. */
export function rangeWords(range: Range, whenUnset: string): string {
  if (range.since === null && range.until === null) return whenUnset;
  const known = range.until === null && RELATIVE.find(([value]) => value === range.since);
  if (known) return known[1];
  if (range.until === null && range.since !== null && relativeMs(range.since) !== null)
    return `last ${range.since.slice(1)}`;
  const from = range.since === null ? "the beginning" : shortTime(range.since);
  return `${from} – ${range.until === null ? "now" : shortTime(range.until)}`;
}

/** The same range with its bounds fixed at `nowMs`. */
export function frozen(range: Range, nowMs: number, defaultSince: string): Range {
  const since = boundMs(range.since ?? defaultSince, nowMs) ?? nowMs - 36e5;
  const until = range.until === null ? nowMs : (boundMs(range.until, nowMs) ?? nowMs);
  return { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
}

/** The window of the same length just before: what "before" means beside a window without deploys. Null when a bound cannot be read. */
export function windowBefore(range: Range, nowMs: number, defaultSince: string): Range | null {
  const since = boundMs(range.since ?? defaultSince, nowMs);
  const until = range.until === null ? nowMs : boundMs(range.until, nowMs);
  if (since === null || until === null || until <= since) return null;
  const minute = 60000;
  const end = Math.floor(since / minute) * minute;
  const start = end - Math.max(minute, Math.round((until - since) / minute) * minute);
  return { since: new Date(start).toISOString(), until: new Date(end).toISOString() };
}
