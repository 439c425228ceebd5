/** Durations and moments in words. */

import { UNKNOWN } from "./numbers";

/** Seconds → "0.42 s", "12 s", "3 min 12 s", "2 h 5 min", "3 d 4 h". */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return UNKNOWN;
  if (seconds < 0) return `−${duration(-seconds)}`;
  if (seconds < 0.0995) return `${milli(seconds * 1000)} ms`;
  if (seconds < 9.995) return `${Number(seconds.toPrecision(2))} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  return pair(Math.round(seconds));
}

function milli(ms: number): string {
  return ms === 0 || ms >= 1 ? String(Math.round(ms)) : ms.toPrecision(1);
}

function pair(seconds: number): string {
  if (seconds < 3600) return joined(Math.floor(seconds / 60), "min", seconds % 60, "s");
  if (seconds < 86400) return joined(Math.floor(seconds / 3600), "h", Math.round((seconds % 3600) / 60) % 60, "min");
  return joined(Math.floor(seconds / 86400), "d", Math.floor((seconds % 86400) / 3600), "h");
}

function joined(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`;
}

export function milliseconds(ms: number | null | undefined): string {
  return ms === null || ms === undefined ? UNKNOWN : duration(ms / 1000);
}

const CLOCKS_DIFFER_S = 5;

/** "12 s ago" from the difference to `nowMs`; a moment ahead of the clock says so, beyond what two clocks may differ. */
export function ago(moment: string | null | undefined, nowMs: number): string {
  if (!moment) return UNKNOWN;
  const seconds = (nowMs - Date.parse(moment)) / 1000;
  if (Number.isNaN(seconds)) return UNKNOWN;
  if (seconds < -CLOCKS_DIFFER_S) return `in ${duration(-seconds)}`;
  if (seconds < 2) return "just now";
  return `${coarse(seconds)} ago`;
}

function coarse(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

/** A moment in full, local time with its offset and milliseconds, for titles and detail. */
export function moment(text: string | null | undefined): string {
  if (!text) return UNKNOWN;
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  return at.toLocaleString(undefined, {
    year: "numeric",
    month: "short",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    timeZoneName: "short",
  });
}

/** The clock time, with the day when it is not today's. */
export function clock(text: string | null | undefined, nowMs: number): string {
  if (!text) return UNKNOWN;
  const at = new Date(text);
  const time = at.toLocaleTimeString("en-GB");
  return nowMs - at.getTime() < 43200000 ? time : `${at.toISOString().slice(5, 10)} ${time.slice(0, 5)}`;
}
