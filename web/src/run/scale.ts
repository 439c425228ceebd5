/** The horizontal scale of the timeline: which milliseconds are shown, zoom at a point, pan. Pure. */

export interface Span1D {
  from: number;
  to: number;
}

/** One microsecond in view is the nearest that means anything: times come in nanoseconds, clocks differ by more. */
const NEAREST_MS = 0.01;

export function clamped(view: Span1D, whole: Span1D): Span1D {
  const length = Math.min(Math.max(view.to - view.from, NEAREST_MS), whole.to - whole.from);
  const from = Math.min(Math.max(view.from, whole.from), whole.to - length);
  return { from, to: from + length };
}

/** Zooms by `factor` (< 1 nearer) so that the moment under `share` (0–1 of the width) stays where it is. */
export function zoomed(view: Span1D, whole: Span1D, share: number, factor: number): Span1D {
  const at = view.from + (view.to - view.from) * share;
  const length = Math.max((view.to - view.from) * factor, NEAREST_MS);
  return clamped({ from: at - length * share, to: at + length * (1 - share) }, whole);
}

export function panned(view: Span1D, whole: Span1D, share: number): Span1D {
  const by = (view.to - view.from) * share;
  return clamped({ from: view.from + by, to: view.to + by }, whole);
}

/** Round moments for the axis: about `wanted` of them, in steps of 1, 2 or 5 × 10ⁿ ms. */
export function ticks(view: Span1D, wanted: number): number[] {
  const raw = (view.to - view.from) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((n) => n * power >= raw) ?? 10);
  const first = Math.ceil(view.from / step);
  const last = Math.floor(view.to / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}
