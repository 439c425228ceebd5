/** What can be taken along: a command, a query, a file. Pure but for `saveJson`. */

import type { RunSpan } from "../api/types";

/** Single quotes, since an id may hold anything a shell would read. */
export function curlOf(path: string, origin = window.location.origin): string {
  return `curl -s '${`${origin}${path}`.replaceAll("'", "%27")}'`;
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

const number = (hex: string) => BigInt(`0x${hex || "0"}`).toString();

/** The span's row in the table of spans, where ids are numbers. */
export function spanSql(project: string, span: Pick<RunSpan, "trace_id" | "span_id">): string {
  const [high, low] = [span.trace_id.slice(0, 16), span.trace_id.slice(16)];
  const ids = `trace_hi = ${number(high)} AND trace_lo = ${number(low)} AND span_id = ${number(span.span_id)}`;
  return `SELECT * FROM span WHERE project = ${quoted(project)} AND ${ids}; -- ${span.trace_id} ${span.span_id}`;
}

export function runSql(project: string, runId: string): string {
  return `SELECT * FROM run WHERE project = ${quoted(project)} AND run_id = ${quoted(runId)};`;
}

export function saveJson(name: string, document_: unknown): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(document_, null, 2)], { type: "application/json" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
