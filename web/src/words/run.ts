/** One run in a sentence: what it did, how long, for how much, and how it ended. */

import type { Run } from "../api/types";
import { costValue, dollars, plural, tokensWords } from "./numbers";
import { duration } from "./time";

const LIVE = new Set(["running", "waiting", "stalled"]);

export function isLiveRun(run: Run): boolean {
  return LIVE.has(run.lifecycle);
}

/** Seconds from the start to the end, or to now while it lives. */
export function elapsedS(run: Run, nowMs: number): number | null {
  if (run.duration_s !== null) return run.duration_s;
  return isLiveRun(run) ? Math.max(0, (nowMs - Date.parse(run.started_at)) / 1000) : null;
}

export function runTitle(run: Run): string {
  return run.agent ?? run.root_name ?? run.run_id;
}

export function versionText(run: Run): string {
  const version = run.prompt_version ?? run.agent_version;
  return version ?? "";
}

function did(run: Run): string {
  return `${plural(run.model_calls, "model call")} and ${plural(run.tool_calls, "tool call")}`;
}

function price(run: Run): string {
  const value = costValue(run.cost_usd);
  return value === null ? "at a cost that is not known" : `for ${dollars(value)}`;
}

const LIFECYCLE_WORDS: Record<Run["lifecycle"], string> = {
  running: "still running",
  waiting: "waiting for somebody or something",
  stalled: "silent for longer than this agent's habit",
  lost: "lost: nothing came any more and no end was seen",
  finished: "finished",
};

/** The class of an error; "unknown" alone would read as if it were not known whether it failed. */
export function errorWord(errorClass: string | null): string {
  return errorClass === null || errorClass === "unknown" ? "error of unknown class" : errorClass;
}

function ending(run: Run): string {
  if (run.status === "error") return `failed: ${errorWord(run.error_class)}`;
  if (run.lifecycle !== "finished") return LIFECYCLE_WORDS[run.lifecycle];
  if (run.outcome) return `outcome: ${run.outcome}`;
  return run.status === "ok" ? "finished without error" : "finished, success not known";
}

/** "made 47 model calls and 12 tool calls in 3 min 12 s for $0.38; failed: tool_error" */
export function runSentence(run: Run, nowMs: number): string {
  const verb = isLiveRun(run) ? "has made" : "made";
  const time = elapsedS(run, nowMs);
  const within = time === null ? "" : ` in ${duration(time)}`;
  return `${verb} ${did(run)}${within} ${price(run)}; ${ending(run)}`;
}

/** What a reader must know before trusting the numbers; empty when there is nothing. */
export function runCaveats(run: Run): string[] {
  const found: string[] = [];
  if (run.tokens.coverage !== "full" && run.model_calls > 0) found.push(tokensWords(run.tokens));
  if (run.orphans.missing > 0) found.push(`${plural(run.orphans.missing, "span")} never came`);
  if (run.orphans.repaired > 0) found.push(`${plural(run.orphans.repaired, "link")} repaired`);
  if (run.residual_tokens)
    found.push(`${run.residual_tokens.toLocaleString("en-US")} tokens claimed by a parent and explained by no child`);
  if (run.root_synthetic) found.push("the root was not received; it stands for what is missing");
  return found;
}

/** Whether the texts of a run are kept, with the chance that they were: what a sampled text stands for. */
export function bodyWords(run: Pick<Run, "body_probability" | "body_reason">): string {
  const { body_probability: chance, body_reason: reason } = run;
  if (reason === null || reason === undefined) return "not decided yet";
  const why = reason.replaceAll("_", " ");
  if (chance === null || chance === undefined) return `${why}, chance not known`;
  if (chance >= 1) return `kept: ${why}`;
  return chance > 0 ? `sampled, 1 in ${Math.max(2, Math.round(1 / chance))} (${why})` : `not kept: ${why}`;
}
