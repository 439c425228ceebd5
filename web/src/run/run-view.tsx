/** One run: the sentence, three views of one selection, the selected span at the right. */

import { type KeyboardEvent, type RefObject, useMemo, useRef, useState } from "react";
import { useRun } from "../api/queries";
import type { Run } from "../api/types";
import { Awaiting, Failure } from "../parts/feedback";
import { StateMark } from "../parts/icons";
import { useKeys } from "../parts/keys";
import { useNow } from "../parts/now";
import { Link, setParams, useHere } from "../url/navigation";
import { linkTo } from "../url/place";
import { count, plural } from "../words/numbers";
import { runCaveats, runSentence, runTitle, versionText } from "../words/run";
import { ago, moment } from "../words/time";
import { ConversationView, modelCalls } from "./conversation-view";
import { SpanPanel } from "./span-panel";
import { TimelineView } from "./timeline-view";
import { ancestors, buildTree, flatten, isFailed, matches, nextMatching, type Tree, type TreeRow } from "./tree";
import { TreeView } from "./tree-view";
import { type Spans, useSpans } from "./use-spans";

const VIEWS = ["tree", "timeline", "conversation"] as const;
type ViewName = (typeof VIEWS)[number];

export function RunView({ runId }: { runId: string }) {
  const answer = useRun(runId);
  const spans = useSpans(answer.data);
  if (!answer.data)
    return answer.error ? (
      <Failure error={answer.error} retry={() => answer.refetch()} />
    ) : (
      <Awaiting what="this run" lines={16} />
    );
  return <Loaded run={answer.data} spans={spans} stale={answer.error} />;
}

interface Selection {
  view: ViewName;
  selected: string | null;
  text: string;
  tree: Tree;
  rows: readonly TreeRow[];
  toggle: (id: string) => void;
  select: (id: string | null) => void;
  reveal: (id: string | null) => void;
}

function useSelection(spans: Spans): Selection {
  const { params } = useHere();
  const [collapsed, setCollapsed] = useState<ReadonlySet<string>>(new Set());
  const tree = useMemo(() => buildTree(spans.spans), [spans.spans]);
  const rows = useMemo(() => flatten(tree, collapsed), [tree, collapsed]);
  const view = VIEWS.find((name) => name === params.get("view")) ?? "tree";
  const select = (id: string | null) => setParams({ span: id }, { replace: true });
  const toggle = (id: string) => {
    const next = new Set(collapsed);
    if (!next.delete(id)) next.add(id);
    setCollapsed(next);
  };
  const reveal = (id: string | null) => {
    if (id === null) return;
    const above = ancestors(tree, id).filter((one) => collapsed.has(one));
    if (above.length > 0) setCollapsed(new Set([...collapsed].filter((one) => !above.includes(one))));
    select(id);
  };
  return { view, selected: params.get("span"), text: params.get("find") ?? "", tree, rows, toggle, select, reveal };
}

function Loaded({ run, spans, stale }: { run: Run; spans: Spans; stale: unknown }) {
  const selection = useSelection(spans);
  const search = useRef<HTMLInputElement>(null);
  const everything = useMemo(() => flatten(selection.tree, new Set()), [selection.tree]);
  const step = useRunKeys(selection, everything, search);
  return (
    <div className={selection.selected ? "view run-view with-panel" : "view run-view"}>
      <Header run={run} />
      {stale ? <Failure error={stale} /> : null}
      <Tools run={run} spans={spans} selection={selection} rows={everything} search={search} next={step} />
      <div className="run-columns">
        <Shown run={run} spans={spans} selection={selection} />
        {selection.selected && (
          <SpanPanel runId={run.run_id} spanId={selection.selected} close={() => selection.select(null)} />
        )}
      </div>
    </div>
  );
}

/** Binds the keys of the view and returns "go to the next match". */
function useRunKeys(
  selection: Selection,
  everything: readonly TreeRow[],
  search: RefObject<HTMLInputElement | null>,
): () => void {
  const { view, selected, text, reveal } = selection;
  const order = view === "conversation" ? modelCallsOf(everything) : view === "tree" ? selection.rows : everything;
  const at = order.findIndex((row) => row.span.span_id === selected);
  const step = (by: number) => reveal(order[Math.min(Math.max(at + by, 0), order.length - 1)]?.span.span_id ?? null);
  const nextMatch = () => reveal(nextMatching(everything, selected, (span) => matches(span, text)));
  const show = (name: ViewName) => setParams({ view: name === "tree" ? null : name });
  useKeys({
    "1": () => show("tree"),
    "2": () => show("timeline"),
    "3": () => show("conversation"),
    "[": () => step(-1),
    "]": () => step(1),
    e: () => reveal(nextMatching(everything, selected, isFailed)),
    n: nextMatch,
    "/": () => search.current?.focus(),
    Escape: () => (selected ? selection.select(null) : setParams({ find: null }, { replace: true })),
  });
  return nextMatch;
}

function modelCallsOf(rows: readonly TreeRow[]): TreeRow[] {
  const byId = new Map(rows.map((row) => [row.span.span_id, row]));
  return modelCalls(rows.map((row) => row.span)).map((span) => byId.get(span.span_id) as TreeRow);
}

function Header({ run }: { run: Run }) {
  const now = useNow();
  const { params } = useHere();
  return (
    <header className="run-header">
      <p className="muted">
        <Link to={linkTo("/runs", params)}>Runs</Link> / <span className="mono">{run.run_id}</span> · started{" "}
        <span title={moment(run.started_at)}>{ago(run.started_at, now)}</span>
        {run.session_id && (
          <>
            {" "}
            ·{" "}
            <Link to={linkTo("/runs", params, { session_id: run.session_id, since: null, until: null })}>
              session {run.session_id}
            </Link>
          </>
        )}
      </p>
      <h1>
        {runTitle(run)} <span className="muted">{versionText(run)}</span> <StateMark run={run} />
      </h1>
      <p className="in-words">{runSentence(run, now)}</p>
      {runCaveats(run).length > 0 && <p className="caveat">{runCaveats(run).join("; ")}</p>}
    </header>
  );
}

type ToolsProps = {
  run: Run;
  spans: Spans;
  selection: Selection;
  rows: readonly TreeRow[];
  search: RefObject<HTMLInputElement | null>;
  next: () => void;
};

function Tools({ run, spans, selection, rows, search, next }: ToolsProps) {
  return (
    <div className="run-tools">
      <div className="group-by" role="group" aria-label="View">
        {VIEWS.map((name, i) => (
          <button
            type="button"
            className="chip"
            key={name}
            aria-pressed={selection.view === name}
            onClick={() => setParams({ view: name === "tree" ? null : name })}
          >
            {name} <kbd>{i + 1}</kbd>
          </button>
        ))}
      </div>
      <Search selection={selection} rows={rows} box={search} next={next} />
      <span className="top-gap" />
      <Progress run={run} spans={spans} rows={rows} />
    </div>
  );
}

type SearchProps = {
  selection: Selection;
  rows: readonly TreeRow[];
  box: RefObject<HTMLInputElement | null>;
  next: () => void;
};

function Search({ selection, rows, box, next }: SearchProps) {
  const { text } = selection;
  const hits = useMemo(() => (text ? rows.filter((row) => matches(row.span, text)).length : 0), [rows, text]);
  const press = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Enter") next();
    if (event.key === "Escape") event.currentTarget.blur();
  };
  return (
    <span className="search">
      <input
        ref={box}
        type="search"
        aria-label="Search spans"
        placeholder="search spans   /"
        value={text}
        onChange={(event) => setParams({ find: event.target.value || null }, { replace: true })}
        onKeyDown={press}
      />
      <span className="muted" role="status">
        {text ? `${plural(hits, "match", "matches")}${hits > 0 ? ", Enter or n: next" : ""}` : ""}
      </span>
    </span>
  );
}

function Progress({ run, spans, rows }: { run: Run; spans: Spans; rows: readonly TreeRow[] }) {
  const errors = useMemo(() => rows.filter((row) => isFailed(row.span)).length, [rows]);
  const loaded = `${count(spans.loaded)} of ${count(Math.max(run.spans, spans.loaded))} spans loaded`;
  if (spans.capped)
    return <span className="caveat">the first {count(spans.spans.length)} spans; the rest is in the API</span>;
  if (!spans.complete) {
    return (
      <span className="muted" role="status">
        {loaded}…
      </span>
    );
  }
  return (
    <span className="muted" role="status">
      {plural(spans.spans.length, "span")}, {errors > 0 ? `${plural(errors, "error")} (e: next)` : "no error"}
    </span>
  );
}

/** The end of the latest span: a run that still lives has none of its own. */
function totalMs(rows: readonly TreeRow[]): number {
  let end = 1;
  for (const { span } of rows) end = Math.max(end, span.offset_ms + (span.duration_ms ?? 0));
  return end;
}

function Shown({ run, spans, selection }: { run: Run; spans: Spans; selection: Selection }) {
  const { view, selected, text, rows, select, toggle } = selection;
  const total = useMemo(() => totalMs(rows), [rows]);
  if (spans.error && spans.spans.length === 0) return <Failure error={spans.error} retry={spans.retry} />;
  if (spans.pending) return <Awaiting what={`${plural(run.spans, "span")} of this run`} lines={16} />;
  return (
    <div className="run-main">
      {spans.error ? <Failure error={spans.error} retry={spans.retry} /> : null}
      {view === "tree" && (
        <TreeView rows={rows} totalMs={total} selected={selected} text={text} select={select} toggle={toggle} />
      )}
      {view === "timeline" && (
        <TimelineView rows={rows} totalMs={total} selected={selected} text={text} select={select} />
      )}
      {view === "conversation" && (
        <ConversationView runId={run.run_id} spans={spans.spans} selected={selected} select={select} />
      )}
    </div>
  );
}
