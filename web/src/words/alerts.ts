/** One alert in a line that can be judged in ten seconds, and the order of the inbox. Pure. */

import type { Alert, AlertClass, AlertKind, Found } from "../api/watched";
import { count, dollars, plural } from "./numbers";
import { ago } from "./time";
import { isFact, movedText, sureWords, whereWords } from "./watched";

export interface AlertLine {
  what: string;
  where: string;
  howMuch: string;
  howSure: string;
  since: string;
}

const KIND_WORDS: Record<AlertKind, string> = {
  regression: "got worse",
  loop: "loops",
  stuck: "stuck",
  runaway: "runs away",
  burn: "budget burns",
};

/** A regression is named by its signal; the other kinds are what they are called. */
export function whatWords(alert: Alert): string {
  const first = alert.findings[0];
  if (alert.kind !== "regression" || !first) return KIND_WORDS[alert.kind];
  const more = (alert.findings_n ?? alert.findings.length) - 1;
  return more > 0 ? `${first.title} +${plural(more, "signal")}` : first.title;
}

function howMuch(found: Found | undefined, wasted: number | null): string {
  const moved = found ? movedText(found) : "";
  const lost = wasted === null ? "" : `${dollars(wasted)} wasted`;
  const runs = found && found.n > 0 && found.now.value !== null ? plural(found.n, "run") : "";
  return [moved, runs, lost].filter(Boolean).join(", ");
}

export function alertLine(alert: Alert, nowMs: number): AlertLine {
  const first = alert.findings[0];
  return {
    what: whatWords(alert),
    where: whereWords(alert.where),
    howMuch: howMuch(first, alert.wasted_usd),
    howSure: first ? sureWords(first) : "",
    since: sinceWords(alert, nowMs),
  };
}

export function sinceWords(alert: Alert, nowMs: number): string {
  if (alert.state === "resolved") return `over ${ago(alert.resolved_at ?? alert.updated_at, nowMs)}`;
  return alert.fired_at ? `fires since ${since(alert.fired_at, nowMs)}` : `seen ${ago(alert.opened_at, nowMs)}`;
}

function since(moment: string, nowMs: number): string {
  return ago(moment, nowMs).replace(/ ago$/, "");
}

const STATE_RANK = { firing: 0, pending: 1, resolved: 2 } as const;

/** How far past its threshold, in powers of ten; a fact counts as far past. */
function strength(alert: Alert): number {
  const first = alert.findings[0];
  if (!first) return 0;
  if (isFact(first)) return 12;
  return first.threshold === null ? 0 : Math.log10(Math.max(1e-12, first.evidence / first.threshold));
}

/** Firing first; then what pages, by class; then money that is being wasted, in powers of ten; then how sure; then the newest. */
export function byUrgency(alerts: readonly Alert[]): Alert[] {
  const money = (alert: Alert) => Math.floor(Math.log10(Math.max(0.01, alert.wasted_usd ?? 0)));
  const newest = (alert: Alert) => Date.parse(alert.resolved_at ?? alert.fired_at ?? alert.opened_at);
  return [...alerts].sort(
    (a, b) =>
      STATE_RANK[a.state] - STATE_RANK[b.state] ||
      (a.state === "resolved" ? 0 : callRank(a) - callRank(b)) ||
      (a.state === "resolved" ? 0 : money(b) - money(a) || strength(b) - strength(a)) ||
      newest(b) - newest(a),
  );
}

const CLASS_RANK: Record<AlertClass, number> = { policy: 0, infrastructure: 1, capability: 2, shift: 3, wobble: 4 };

/** What pages stands before what does not, then by class; the same for all where neither is known. */
function callRank(alert: Alert): number {
  const paged = alert.paging?.what === "page" ? 0 : 1;
  return paged * 10 + (alert.class ? CLASS_RANK[alert.class] : 2);
}

/** The first action as the server names it, else as the page knows it. Null when there is none. */
export function actionWords(alert: Alert): string | null {
  return alert.first_action?.text ?? firstAction(alert)?.words ?? null;
}

/** What to do first, and where that leads. */
export function firstAction(alert: Alert): { words: string; runId: string } | null {
  const runId = alert.exemplars?.[0]?.run_id ?? alert.findings.find((one) => one.run_ids.length > 0)?.run_ids[0];
  return runId
    ? { words: alert.kind === "regression" ? "read the most typical run" : "read the dearest run", runId }
    : null;
}

/** The sentence over the inbox. */
export function inboxWords(open: readonly Alert[]): string {
  const firing = open.filter((alert) => alert.state === "firing").length;
  const pending = open.filter((alert) => alert.state === "pending").length;
  if (firing === 0 && pending === 0) return "Nothing is open: no signal moved far enough.";
  const rising =
    pending > 0
      ? ` ${count(pending)} ${pending === 1 ? "rises" : "rise"} and ${pending === 1 ? "was" : "were"} sent to nobody.`
      : "";
  return `${firing === 0 ? "No alert fires." : `${plural(firing, "alert")} ${firing === 1 ? "fires" : "fire"}.`}${rising}`;
}
