/** Questions of agents in words. Pure. */

import type { Approval } from "../api/approvals";
import { amountWords } from "./promised";
import { ago, duration } from "./time";

export const STATE_WORDS: Record<Approval["state"], string> = {
  pending: "waits",
  approved: "approved",
  refused: "refused",
  expired: "nobody decided in time: refused",
};

export function askerWords(one: Approval): string {
  return one.agent ?? (one.task_id === null ? "an agent without a name" : `task ${one.task_id}`);
}

/** "nine in ten such tasks take up to 140k tokens; ceiling 100k tokens; spent 62k tokens"; empty where no numbers were given. */
export function numbersWords(one: Approval): string {
  const quantity = one.quantity;
  if (quantity === null) return "";
  const said = (words: string, value: number | null) =>
    value === null ? null : `${words} ${amountWords(quantity, value)}`;
  return [said("nine in ten take up to", one.q90), said("ceiling", one.ceiling), said("spent", one.spent)]
    .filter(Boolean)
    .join("; ");
}

/** How long is left for an answer, or what became of the question. */
export function whenWords(one: Approval, nowMs: number): string {
  if (one.state === "pending") {
    const left = (Date.parse(one.expires_at) - nowMs) / 1000;
    return left <= 0 ? "its time is over" : `${duration(Math.round(left))} left to answer`;
  }
  if (one.state === "expired") return `expired ${ago(one.expires_at, nowMs)}`;
  return `${STATE_WORDS[one.state]} ${ago(one.decided_at, nowMs)} by ${one.by ?? "somebody"}`;
}

export function queueSentence(pending: number): string {
  if (pending === 0) return "No agent waits for a person.";
  return pending === 1
    ? "1 agent waits for a person before it uses a tool."
    : `${pending} agents wait for a person before they use a tool.`;
}
