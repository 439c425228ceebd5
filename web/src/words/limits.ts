/** Limits in words: what is scarce, who waits, for what, until when. Pure. */

import type { Account, Breaker, Dimension, Lane, Limits } from "../api/limits";
import { capital, count, dollars, percent, plural, short } from "./numbers";
import { duration } from "./time";

const NAMES: Record<Dimension["dimension"], string> = {
  requests: "requests",
  input: "input tokens",
  output: "output tokens",
  total: "tokens",
  concurrency: "calls at a time",
  cost_usd: "dollars today",
};

export function dimensionName(one: Pick<Dimension, "dimension">): string {
  return NAMES[one.dimension];
}

/** Why a call waits or was turned away, as the API names it, in words. */
const REASONS: Record<string, string> = {
  no_room: "room in the limits",
  share_full: "its own share",
  behind_others: "those before it",
  paused: "the end of a pause that the provider asked for",
  circuit_open: "the provider to answer again",
  learning: "the first answers, to learn their length",
};

const TURNED_AWAY: Record<string, string> = {
  deadline: "could not make their deadline",
  queue_full: "waited too long",
  too_large: "larger than the limit",
  budget: "money spent",
  spend_cap: "spend cap of the provider",
  daily_quota: "daily quota of the provider",
  circuit_open: "the provider fails",
  cancelled: "given up by the caller",
  lease_expired: "never ended",
  stopped: "stopped by the watch",
};

export function turnedAway(reason: string): string {
  return TURNED_AWAY[reason] ?? reason.replaceAll("_", " ");
}

export function amount(value: number, one: Pick<Dimension, "dimension">): string {
  return one.dimension === "cost_usd" ? dollars(value) : short(value);
}

/** The account's own dimensions, the scarcest first. */
export function scarcest(account: Account): Dimension | null {
  const own = account.dimensions.filter((one) => one.scope === "");
  const left = (one: Dimension) => one.remaining / Math.max(one.capacity, 1e-9);
  return own.reduce<Dimension | null>((least, one) => (least && left(least) <= left(one) ? least : one), null);
}

/** Full but for the guard that a bucket keeps. */
function isFree(one: Dimension): boolean {
  return one.full_in_s !== null && one.full_in_s <= 0 && one.reserved === 0;
}

/** Shares of the capacity, each from 0 to 1, that a gauge draws: used, reserved. A debt is as full as can be. */
export function parts(one: Dimension): { used: number; reserved: number } {
  const whole = Math.max(one.capacity, 1e-9);
  const reserved = Math.min(1, Math.max(0, one.reserved / whole));
  if (isFree(one)) return { reserved, used: 0 };
  return { reserved, used: Math.min(1 - reserved, Math.max(0, one.used / whole)) };
}

export function gaugeWords(one: Dimension): string {
  if (isFree(one)) return `nothing used of ${amount(one.capacity, one)}`;
  const owed = one.remaining < 0 ? `${amount(-one.remaining, one)} owed` : `${amount(one.remaining, one)} remaining`;
  return `${amount(Math.max(one.used, 0), one)} used, ${amount(one.reserved, one)} reserved, ${owed} of ${amount(one.capacity, one)}`;
}

/** When nothing of it is used any more if no call comes. */
export function freeWords(one: Dimension): string {
  if (one.full_in_s === null) return one.reserved > 0 ? "free when its calls end" : "free";
  return one.full_in_s <= 0 ? "free" : `free in ${duration(one.full_in_s)}`;
}

/** What those who wait in this account wait for. */
export function waitsFor(account: Account): string {
  if (account.blocked) return REASONS[account.blocked.reason] ?? account.blocked.reason.replaceAll("_", " ");
  const scarce = scarcest(account);
  return scarce ? dimensionName(scarce) : "calls to end";
}

export function untilWords(lane: Lane): string {
  if (lane.starts_in_s === null) return "until another call ends";
  if (lane.starts_in_s >= 0.05) return `in ${duration(lane.starts_in_s)}`;
  return lane.calls > 0 ? "as one of the next" : "at once";
}

export function tenantsWords(lane: Lane, most = 4): string {
  const named = [...lane.tenants].sort((a, b) => b.calls - a.calls);
  const words = named.slice(0, most).map((one) => `${one.tenant || "no tenant"} ${count(one.calls)}`);
  const more = named.length - words.length;
  return words.join(", ") + (more > 0 ? `, ${plural(more, "other tenant")}` : "");
}

export function waiting(account: Account): number {
  const aside = account.held_back.reduce((sum, one) => sum + one.calls, 0);
  return account.lanes.reduce((sum, one) => sum + one.calls, aside);
}

export function breakerWords(one: Breaker): string {
  if (one.state === "closed") return one.opened === 0 ? "closed" : `closed, opened ${plural(one.opened, "time")}`;
  if (one.state === "half_open") return "half open: one call tries";
  return one.looks_again_in_s === null ? "open" : `open, tries again in ${duration(one.looks_again_in_s)}`;
}

export function retryWords(account: Account): string {
  const { retries, first_attempts, share, denied, budget_left } = account.retries;
  const part = share === null ? "" : ` (${percent(share)})`;
  const refused = denied === 0 ? "" : `, ${count(denied)} more were not allowed`;
  return `${count(retries)} for ${plural(first_attempts, "first attempt")}${part}${refused}; ${count(Math.floor(budget_left))} may go out now`;
}

/** No call has asked yet, so there is nothing to draw but full buckets. */
export function unused(limits: Limits): boolean {
  return limits.items.every((one) => one.retries.first_attempts === 0 && waiting(one) === 0);
}

export function limitsSentence(limits: Limits): string {
  const waits = limits.items.reduce((sum, one) => sum + waiting(one), 0);
  const closed = limits.items.filter((one) => one.blocked !== null);
  const scarce = limits.items
    .map((account) => ({ account, one: scarcest(account) }))
    .filter((found): found is { account: Account; one: Dimension } => found.one !== null)
    .sort((a, b) => a.one.remaining / a.one.capacity - b.one.remaining / b.one.capacity)[0];
  const said = [
    waits === 0 ? "nobody waits" : `${plural(waits, "call")} ${waits === 1 ? "waits" : "wait"}`,
    ...closed.map((one) => `${one.account} sends nothing: it waits for ${waitsFor(one)}`),
  ];
  if (scarce)
    said.push(
      `the scarcest are ${dimensionName(scarce.one)} of ${scarce.account.account}, ${percent(Math.max(0, scarce.one.remaining / scarce.one.capacity))} remaining`,
    );
  return `${capital(said.join("; "))}.`;
}

/** What to paste: an SDK reads its address from the environment. */
export function gatewayLines(gateway: string): string {
  const base = gateway.replace(/\/$/, "");
  return `export OPENAI_BASE_URL=${base}/openai/v1\nexport ANTHROPIC_BASE_URL=${base}/anthropic`;
}
