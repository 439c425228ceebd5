/** Contexts of model calls as bars: how tall, by consumer. Pure. */

import type { CallContext, Consumer } from "../api/types";
import { bytes, count, percent, short } from "../words/numbers";

/** From the bottom up, in the order in which a provider reads them. */
export const CONSUMERS: readonly Consumer[] = ["tools", "system", "user", "assistant", "tool_results"];

export const CONSUMER_WORDS: Record<Consumer, string> = {
  tools: "tool definitions",
  system: "system",
  user: "user",
  assistant: "assistant",
  tool_results: "tool results",
};

export const CACHE_WORDS: Record<CallContext["cache"], string> = {
  hit: "read from the provider's cache",
  missed: "cache missed: the beginning was the same, and was not read from the cache",
  broken: "cache broken: the beginning changed",
  short: "too short for a provider's cache",
  unknown: "cache: not known",
};

/** What the bars stand for: tokens where all calls reported them, else characters. */
export type Unit = "tokens" | "characters";

export function unitOf(calls: readonly CallContext[]): Unit {
  return calls.some((call) => call.tokens_input !== null) ? "tokens" : "characters";
}

/** How tall a call is in that unit; null when it is not known. */
export function sizeOf(call: CallContext, unit: Unit): number | null {
  return unit === "tokens" ? call.tokens_input : call.chars_total;
}

/** The parts of a call in that unit, in the order of CONSUMERS; null when its content is not known. Tokens are divided by characters. */
export function partsOf(call: CallContext, unit: Unit): number[] | null {
  const size = sizeOf(call, unit);
  if (size === null || !call.chars || !call.chars_total) return null;
  const { chars, chars_total } = call;
  return CONSUMERS.map((name) => (size * chars[name]) / chars_total);
}

/** The share of a context that the call before had in the same place; null when it is not known. */
export function sharedOf(call: CallContext): number | null {
  return call.shared_chars === null || !call.chars_total ? null : call.shared_chars / call.chars_total;
}

/** A call loses its cache where the beginning changed, and its memory where messages did not come again. */
export function isCut(call: CallContext): boolean {
  return (call.cut ?? 0) > 0;
}

export function callWords(call: CallContext, number: number): string {
  const shared = sharedOf(call);
  const parts = call.chars
    ? CONSUMERS.filter((name) => (call.chars?.[name] ?? 0) > 0).map(
        (name) => `${CONSUMER_WORDS[name]} ${percent((call.chars?.[name] ?? 0) / (call.chars_total || 1))}`,
      )
    : [absentWords(call)];
  return [
    `call ${number}${call.agent ? ` · ${call.agent}` : ""}`,
    call.tokens_input === null ? "tokens not reported" : `${count(call.tokens_input)} tokens`,
    parts.join(", "),
    shared === null ? null : `${percent(shared)} the same as the call before`,
    isCut(call) ? `${call.cut} earlier messages cut or rewritten` : null,
    call.cache === "hit" ? `${short(call.cache_read)} tokens ${CACHE_WORDS.hit}` : CACHE_WORDS[call.cache],
  ]
    .filter(Boolean)
    .join("; ");
}

const WHY: Record<string, string> = {
  sampled: "not kept: not chosen by the sampling of texts",
  expired: "not kept: older than the retention",
  erased: "erased on demand",
  not_captured: "not captured: the project's setting leaves texts out",
  overload: "not kept: they came in an overload, when only counts are kept",
  redacted: "redacted at the door",
};

/** Why messages cannot be read, in words. */
export function absentWords(call: Pick<CallContext, "content_state" | "absent">): string {
  const why = WHY[call.absent?.reason ?? call.content_state] ?? "not sent by the producer";
  return `messages ${why}${call.absent ? ` (${bytes(call.absent.bytes)})` : ""}`;
}
