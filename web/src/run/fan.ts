/** What a run took, call by call, over the fan of its promise. Pure: outline and promise in, points out. */

import type { Quantity, Spread } from "../api/promised";
import { type Outline, rowsOfKind } from "./outline";

export interface Step {
  /** Model calls so far, from 1. */
  call: number;
  row: number;
  /** Of the quantity, from the start to the end of this call; null while a call before did not report. */
  value: number | null;
}

/** Running totals by model call, in order of start. What was not reported adds nothing and is counted in `missing`. */
export function stepsOf(outline: Outline, quantity: Quantity): { steps: Step[]; missing: number } {
  const rows = rowsOfKind(outline, "llm");
  let total = 0;
  let missing = 0;
  const steps = rows.map((row, i) => {
    const added = addedBy(outline, row, quantity);
    if (Number.isNaN(added)) missing += 1;
    else if (quantity === "seconds") total = Math.max(total, added);
    else total += added;
    return { call: i + 1, row, value: missing === i + 1 ? null : total };
  });
  return { steps, missing };
}

function addedBy(outline: Outline, row: number, quantity: Quantity): number {
  const input = outline.tokensIn[row] ?? Number.NaN;
  const output = outline.tokensOut[row] ?? Number.NaN;
  switch (quantity) {
    case "tokens_total":
      return Number.isNaN(input) && Number.isNaN(output) ? Number.NaN : zero(input) + zero(output);
    case "tokens_input":
      return input;
    case "tokens_output":
      return output;
    case "steps":
      return 1;
    case "cost_usd":
      return outline.cost[row] ?? Number.NaN;
    case "seconds":
      return ((outline.offset[row] ?? 0) + zero(outline.duration[row] ?? Number.NaN)) / 1000;
  }
}

const zero = (value: number): number => (Number.isNaN(value) ? 0 : value);

/** The last running total; null when no call reported anything. */
export function totalOf(steps: readonly Step[]): number | null {
  return steps.at(-1)?.value ?? null;
}

export interface Fan {
  calls: number;
  top: number;
  /** Where the promised number of calls ends and the fan is level; null when no number of calls was promised. */
  promised: number | null;
}

/** The scales that hold the run, its promise and its ceiling. A spread far above all the rest may leave the picture at its top. */
export function fanOf(
  steps: readonly Step[],
  spread: Spread | null,
  calls: Spread | null,
  ceiling: number | null,
): Fan {
  const most = Math.max(0, ...steps.map((one) => one.value ?? 0));
  const wanted = Math.max(most, spread?.q90 ?? 0, ceiling ?? 0);
  // The 99 % mark is drawn where it is near, else it would press all that happened to the floor.
  const far = spread && spread.q99 <= wanted * 2 ? spread.q99 : 0;
  const top = Math.max(wanted, far) * 1.08;
  const promised = calls ? Math.max(1, Math.round(calls.q50)) : null;
  return { calls: Math.max(1, steps.length, promised ?? 0), top: top > 0 ? top : 1, promised };
}

/** How high a promised total stands after so many calls: in step with the calls until they are through, then level. */
export function promisedAt(total: number, call: number, fan: Fan): number {
  return fan.promised === null ? total : total * Math.min(1, call / fan.promised);
}
