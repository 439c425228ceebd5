/** A range chosen on a chart, by mouse or by keys. Pure: a cursor that walks over the moments, and an anchor behind it. */

export interface Walk {
  /** Index of the moment under the cursor. */
  at: number;
  /** Where the chosen range began; null while nothing is chosen. */
  anchor: number | null;
}

export interface Picked {
  fromMs: number;
  toMs: number;
}

const STEP: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };

/** Where a key leads; null for a key that means nothing here. Shift keeps the anchor, as in a text. */
export function walked(walk: Walk | null, key: string, shift: boolean, moments: number): Walk | null {
  if (moments === 0) return null;
  const from = walk?.at ?? moments - 1;
  const step = STEP[key];
  const wanted = key === "Home" ? 0 : key === "End" ? moments - 1 : step === undefined ? null : from + step;
  if (wanted === null) return null;
  const at = Math.min(moments - 1, Math.max(0, wanted));
  return { at, anchor: shift ? (walk?.anchor ?? from) : null };
}

/** The chosen range in milliseconds, its last moment included as one step; null while nothing is chosen. */
export function pickedOf(walk: Walk | null, times: readonly number[]): Picked | null {
  if (!walk || walk.anchor === null || walk.anchor === walk.at) return null;
  const first = times[Math.min(walk.at, walk.anchor)];
  const last = times[Math.max(walk.at, walk.anchor)];
  return first === undefined || last === undefined ? null : { fromMs: first * 1000, toMs: last * 1000 };
}

/** The range in the URL: "2026-11-24T07:00:00.000Z~2026-11-24T07:12:00.000Z". */
export function pickedText(picked: Picked): string {
  return `${new Date(picked.fromMs).toISOString()}~${new Date(picked.toMs).toISOString()}`;
}

export function pickedFrom(text: string | null): Picked | null {
  const [from, to] = (text ?? "").split("~");
  const picked = { fromMs: Date.parse(from ?? ""), toMs: Date.parse(to ?? "") };
  return picked.fromMs < picked.toMs ? picked : null;
}

function two(n: number): string {
  return String(n).padStart(2, "0");
}

/** Local clock time, the day where a day begins, seconds where ticks are closer than a minute. One line: a second one would be cut. */
export function tickText(seconds: number, stepS = 60): string {
  const at = new Date(seconds * 1000);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (stepS < 60) return `${time}:${two(at.getSeconds())}`;
  return time === "00:00" ? `${two(at.getMonth() + 1)}-${two(at.getDate())}` : time;
}

/** "14:05 to 14:12", with the day where the range is not within one, with seconds where it is short. */
export function pickedWords(picked: Picked): string {
  const short = picked.toMs - picked.fromMs < 300000;
  const day = new Date(picked.fromMs).toDateString() !== new Date(picked.toMs).toDateString();
  const words = (ms: number) => {
    const at = new Date(ms);
    const time = `${two(at.getHours())}:${two(at.getMinutes())}${short ? `:${two(at.getSeconds())}` : ""}`;
    return day ? `${two(at.getMonth() + 1)}-${two(at.getDate())} ${time}` : time;
  };
  return `${words(picked.fromMs)} to ${words(picked.toMs)}`;
}
