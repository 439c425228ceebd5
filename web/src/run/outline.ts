/**
 * A run as columns: what all four views are drawn from. Typed arrays, so that 50,000 spans are a few megabytes and a
 * frame touches only numbers. Pure: answers of the API in, rows out. Rows stand in tree order.
 */

import type { OutlineAnswer } from "../api/types";

export const FAILED = 1;
export const OWN_ERROR = 2;
export const MISSING = 4;
export const OPEN = 8;
export const CRITICAL = 16;

/** One row with its texts, made when it is shown. */
export interface SpanRow {
  row: number;
  span_id: string;
  name: string;
  kind: string;
  depth: number;
  model: string | null;
  tool: string | null;
  agent: string | null;
  error: string | null;
  rule: string | null;
  offset_ms: number;
  duration_ms: number | null;
  tokens_input: number | null;
  tokens_output: number | null;
  residual: number | null;
  cost_usd: number | null;
  failed: boolean;
  synthetic: boolean;
  critical: boolean;
  children: boolean;
}

const numbers = (values: readonly (number | null)[], scale = 1): Float64Array =>
  Float64Array.from(values, (value) => (value === null ? Number.NaN : value * scale));

const known = (value: number): number | null => (Number.isNaN(value) ? null : value);

export class Outline {
  readonly count: number;
  readonly ids: readonly string[];
  readonly parent: Int32Array;
  readonly end: Int32Array;
  readonly depth: Int32Array;
  readonly offset: Float64Array;
  readonly duration: Float64Array;
  readonly flags: Uint8Array;
  readonly kind: Int32Array;
  readonly name: Int32Array;
  readonly model: Int32Array;
  readonly tool: Int32Array;
  readonly agent: Int32Array;
  readonly error: Int32Array;
  readonly rule: Int32Array;
  readonly tokensIn: Float64Array;
  readonly tokensOut: Float64Array;
  readonly residual: Float64Array;
  readonly cost: Float64Array;
  private places: Map<string, number> | null = null;

  constructor(
    readonly texts: readonly string[],
    columns: OutlineAnswer["columns"],
    readonly totalMs: number,
  ) {
    this.count = columns.span_id.length;
    this.ids = columns.span_id;
    this.parent = Int32Array.from(columns.parent);
    this.end = Int32Array.from(columns.end);
    this.depth = Int32Array.from(columns.depth);
    this.offset = numbers(columns.offset_us, 0.001);
    this.duration = numbers(columns.duration_us, 0.001);
    this.flags = Uint8Array.from(columns.flags);
    this.kind = Int32Array.from(columns.kind);
    this.name = Int32Array.from(columns.name);
    this.model = Int32Array.from(columns.model);
    this.tool = Int32Array.from(columns.tool);
    this.agent = Int32Array.from(columns.agent);
    this.error = Int32Array.from(columns.error);
    this.rule = Int32Array.from(columns.rule);
    this.tokensIn = numbers(columns.tokens_input);
    this.tokensOut = numbers(columns.tokens_output);
    this.residual = numbers(columns.residual);
    this.cost = numbers(columns.cost_usd);
  }

  text(place: number): string | null {
    return place < 0 ? null : (this.texts[place] ?? null);
  }

  /** The row of a span; -1 when it is not here. */
  at(spanId: string | null): number {
    if (spanId === null) return -1;
    this.places ??= new Map(this.ids.map((id, row) => [id, row]));
    return this.places.get(spanId) ?? -1;
  }

  kindOf(row: number): string {
    return this.texts[this.kind[row] as number] ?? "other";
  }

  has(row: number, bit: number): boolean {
    return ((this.flags[row] as number) & bit) !== 0;
  }

  row(row: number): SpanRow {
    return {
      row,
      span_id: this.ids[row] as string,
      name: this.text(this.name[row] as number) ?? "",
      kind: this.kindOf(row),
      depth: this.depth[row] as number,
      model: this.text(this.model[row] as number),
      tool: this.text(this.tool[row] as number),
      agent: this.text(this.agent[row] as number),
      error: this.text(this.error[row] as number),
      rule: this.text(this.rule[row] as number),
      offset_ms: this.offset[row] as number,
      duration_ms: known(this.duration[row] as number),
      tokens_input: known(this.tokensIn[row] as number),
      tokens_output: known(this.tokensOut[row] as number),
      residual: known(this.residual[row] as number),
      cost_usd: known(this.cost[row] as number),
      failed: this.has(row, FAILED),
      synthetic: this.has(row, MISSING),
      critical: this.has(row, CRITICAL),
      children: (this.end[row] as number) > row + 1,
    };
  }
}

type Columns = OutlineAnswer["columns"];

/** Columns that hold places in `texts`. */
const PLACES = ["kind", "name", "model", "tool", "agent", "error", "rule"] as const;

/** One outline out of the pages of an answer. Each page brings its own texts: a run may have been built anew between two. */
export function outlineOf(pages: readonly OutlineAnswer[]): Outline {
  const last = pages[pages.length - 1];
  if (!last) return new Outline([], NO_COLUMNS, 1);
  if (pages.length === 1) return new Outline(last.texts, last.columns, last.end_us / 1000);
  const shifted: Columns[] = [];
  let base = 0;
  for (const page of pages) {
    const moved = PLACES.map((name) => [name, page.columns[name].map((place) => (place < 0 ? place : place + base))]);
    shifted.push({ ...page.columns, ...Object.fromEntries(moved) });
    base += page.texts.length;
  }
  const names = Object.keys(NO_COLUMNS) as (keyof Columns)[];
  const joined = Object.fromEntries(names.map((name) => [name, shifted.flatMap((page) => page[name] as never[])]));
  const texts = pages.flatMap((page) => page.texts);
  return new Outline(texts, joined as unknown as Columns, last.end_us / 1000);
}

const NO_COLUMNS: OutlineAnswer["columns"] = {
  row: [],
  trace: [],
  span_id: [],
  parent: [],
  depth: [],
  end: [],
  offset_us: [],
  duration_us: [],
  flags: [],
  kind: [],
  name: [],
  model: [],
  tool: [],
  agent: [],
  error: [],
  rule: [],
  tokens_input: [],
  tokens_output: [],
  cache_read: [],
  residual: [],
  cost_usd: [],
};

/** Rows that are shown: all but those below a folded span. */
export function visibleRows(outline: Outline, folded: ReadonlySet<string>): Int32Array {
  if (folded.size === 0) return Int32Array.from({ length: outline.count }, (_, row) => row);
  const rows: number[] = [];
  let row = 0;
  while (row < outline.count) {
    rows.push(row);
    row = folded.has(outline.ids[row] as string) ? Math.max(row + 1, outline.end[row] as number) : row + 1;
  }
  return Int32Array.from(rows);
}

/** Those of `rows` that are at work between two moments, and the selected one. */
export function rowsAtWork(outline: Outline, rows: Int32Array, from: number, to: number, selected: number): Int32Array {
  const found = new Int32Array(rows.length);
  let count = 0;
  for (const row of rows) {
    const start = outline.offset[row] as number;
    if (row === selected || (start < to && start + (outline.duration[row] || 0) >= from)) found[count++] = row;
  }
  return found.slice(0, count);
}

/** Where a row stands among the shown ones (ascending); -1 when it is hidden. */
export function placeOfRow(rows: Int32Array, row: number): number {
  let [low, high] = [0, rows.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = rows[middle] as number;
    if (at === row) return middle;
    if (at < row) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

/** Rows from the parent up to the root. */
export function ancestors(outline: Outline, row: number): number[] {
  const found: number[] = [];
  let above = row < 0 ? -1 : (outline.parent[row] as number);
  while (above >= 0 && above < row && found.length < outline.count) {
    found.push(above);
    above = outline.parent[above] as number;
  }
  return found;
}

/** The next (by = 1) or previous (-1) span with the same parent; the row itself when there is none. */
export function sibling(outline: Outline, row: number, by: 1 | -1): number {
  if (row < 0) return outline.count > 0 ? 0 : -1;
  const above = outline.parent[row];
  for (let at = by > 0 ? (outline.end[row] as number) : row - 1; at >= 0 && at < outline.count; ) {
    if (outline.parent[at] === above) return at;
    if (by > 0 || (outline.depth[at] as number) < (outline.depth[row] as number)) break;
    at -= 1;
  }
  return row;
}

/** Which rows a search finds: each text is searched once, not once per row. 1 = hit. */
export function hitsOf(outline: Outline, search: string): Uint8Array | null {
  const wanted = search.trim().toLowerCase();
  if (!wanted) return null;
  const inText = Uint8Array.from(outline.texts, (text) => (text.toLowerCase().includes(wanted) ? 1 : 0));
  const hits = new Uint8Array(outline.count);
  const columns = [outline.name, outline.kind, outline.model, outline.tool, outline.agent, outline.error, outline.rule];
  for (const column of columns)
    for (let row = 0; row < hits.length; row += 1) {
      const place = column[row] as number;
      if (place >= 0 && inText[place]) hits[row] = 1;
    }
  if (/^[0-9a-f]+$/.test(wanted))
    for (let row = 0; row < hits.length; row += 1) if ((outline.ids[row] as string).includes(wanted)) hits[row] = 1;
  return hits;
}

export function countOf(hits: Uint8Array | null): number {
  return hits ? hits.reduce((sum, hit) => sum + hit, 0) : 0;
}

/** The next row after `from` (wrapping) that `wanted` accepts; -1 when there is none. */
export function nextRow(outline: Outline, from: number, wanted: (row: number) => boolean): number {
  for (let step = 1; step <= outline.count; step += 1) {
    const row = (from + step + outline.count) % outline.count;
    if (wanted(row)) return row;
  }
  return -1;
}

/** Rows of one kind in order of start. */
export function rowsOfKind(outline: Outline, kind: string): number[] {
  const rows: number[] = [];
  for (let row = 0; row < outline.count; row += 1)
    if (outline.kindOf(row) === kind && !outline.has(row, MISSING)) rows.push(row);
  return rows.sort((a, b) => (outline.offset[a] as number) - (outline.offset[b] as number));
}
