/** Which streams speak about a row of the cohort table. Pure. */

import type { Cohort } from "../api/types";
import type { Keys, Stream } from "../api/watched";
import { streamWhere } from "../words/watched";

/**
 * A stream speaks about a row when they share a key and disagree in none. What only one of them names does not part
 * them: a row by agent holds all versions, and a row by agent and prompt may lie in a cohort that also names its environment.
 */
export function speaksOf(row: Keys, stream: Stream): boolean {
  const where = streamWhere(stream);
  const shared = Object.keys(where).filter((name) => name in row);
  return shared.length > 0 && shared.every((name) => (where[name] ?? null) === (row[name] ?? null));
}

/** Streams of a row: new versions before cohorts, the closest to its threshold first. */
export function streamsOf(row: Keys, streams: readonly Stream[]): Stream[] {
  return streams
    .filter((stream) => speaksOf(row, stream))
    .sort((a, b) => rank(a, row) - rank(b, row) || closeness(b) - closeness(a));
}

/** The version of exactly this row tells more than its whole cohort. */
function rank(stream: Stream, row: Keys): number {
  return stream.deploy && stream.deploy.part in row ? 0 : 1;
}

export function closeness(stream: Pick<Stream, "evidence" | "threshold">): number {
  return (
    Math.log(Math.max(1e-9, stream.evidence)) / Math.log(Math.max(2, stream.threshold ?? Number.POSITIVE_INFINITY))
  );
}

/** The stream that judges failing in a row; undefined where none does. */
export function failingOf(row: Keys, streams: readonly Stream[]): Stream | undefined {
  return streamsOf(row, streams).find((stream) => stream.signal === "failing");
}

/** What moved in a row: streams past the root of their threshold. */
export function movedOf(row: Keys, streams: readonly Stream[]): Stream[] {
  return streamsOf(row, streams).filter((stream) => stream.state === "rising" || stream.state === "reached");
}

/** A row of the cohort table in the URL, and whether it is that one. */
export function rowId(cohort: Pick<Cohort, "keys">): string {
  return Object.entries(cohort.keys)
    .map(([name, value]) => `${name}=${value ?? ""}`)
    .join(" ");
}

/** "support-agent v7 gpt-5-mini", unknown parts left out. */
export function rowWords(cohort: Pick<Cohort, "keys">): string {
  return Object.values(cohort.keys).filter(Boolean).join(" ") || "not known";
}
