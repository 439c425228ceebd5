/** Numbers as people read them. Unknown is an em dash, never 0. */

import type { Cost, Rate, Tokens } from "../api/types";

export const UNKNOWN = "—";

/** Fewer runs than this are not judged: the Wilson interval is then wider than any useful difference. */
export const ENOUGH_RUNS = 20;

const GROUPED = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? UNKNOWN : GROUPED.format(value);
}

const STEPS: readonly (readonly [number, string])[] = [
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "k"],
];

/** 68,412 → "68k", 1,840,000 → "1.8M"; below 1,000 as it is. */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined) return UNKNOWN;
  for (const [size, letter] of STEPS) {
    if (Math.abs(value) >= size * 0.9995) {
      const scaled = value / size;
      return `${scaled >= 99.95 ? Math.round(scaled) : trimmed(scaled.toFixed(1))}${letter}`;
    }
  }
  return trimmed(value.toFixed(Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0));
}

function trimmed(text: string): string {
  return text.replace(/\.0$/, "");
}

/** US dollars: two digits from one dollar, two significant ones below. */
export function dollars(value: number | null | undefined): string {
  if (value === null || value === undefined) return UNKNOWN;
  if (value === 0) return "$0";
  if (Math.abs(value) >= 1000) return `$${short(value)}`;
  if (Math.abs(value) >= 0.1) return `$${value.toFixed(2)}`;
  if (Math.abs(value) < 0.00001) return "<$0.00001";
  return `$${Number(value.toPrecision(2)).toFixed(5).replace(/0+$/, "")}`;
}

export function percent(share: number): string {
  const value = share * 100;
  if (value >= 0.05 && value < 1) return `${value.toFixed(1)} %`;
  return `${Math.round(value)} %`;
}

export function rateWords(rate: Rate | null): string {
  if (rate === null) return "no outcome known yet";
  if (rate.n < ENOUGH_RUNS) return `${plural(rate.n, "run")}, too few to judge`;
  return `${percent(rate.value)} of ${count(rate.n)} runs (95 % interval ${percent(rate.low)} to ${percent(rate.high)})`;
}

const SIZES = ["B", "KB", "MB", "GB", "TB"] as const;

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return UNKNOWN;
  let scaled = value;
  let step = 0;
  while (scaled >= 1024 && step < SIZES.length - 1) {
    scaled /= 1024;
    step += 1;
  }
  return `${scaled >= 100 || step === 0 ? Math.round(scaled) : trimmed(scaled.toFixed(1))} ${SIZES[step]}`;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** Tokens with their coverage: "≥ 68k" when only a part of the calls reported usage. */
export function tokensText(tokens: Tokens): string {
  if (tokens.total === null) return UNKNOWN;
  return tokens.coverage === "partial" ? `≥ ${short(tokens.total)}` : short(tokens.total);
}

export function tokensWords(tokens: Tokens): string {
  if (tokens.total === null) return "tokens not reported";
  const partly = tokens.coverage === "partial" ? "at least " : "";
  const why = tokens.coverage === "partial" ? " (a part of the model calls reported no usage)" : "";
  return `${partly}${count(tokens.total)} tokens${why}`;
}

/** What one run cost: what the producer reported when it is the source, else what the price table says. */
export function costValue(cost: Cost): number | null {
  return cost.source === "reported" || cost.source === "reconciled"
    ? (cost.reported ?? cost.computed)
    : (cost.computed ?? cost.reported);
}

export const COST_MARK: Record<Cost["source"], readonly [string, string]> = {
  reported: ["r", "reported by the producer"],
  priced: ["p", "priced from tokens"],
  reconciled: ["=", "reported and priced agree"],
  unpriced: ["", "no price known"],
};

/** Numbers do not part from their per cent sign at the end of a line. */
export function tight(text: string): string {
  return text.replace(/(\d) %/g, "$1\u00a0%");
}

/** A sentence begins with a capital. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
