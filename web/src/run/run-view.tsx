/** One run: the sentence, the context of its calls, four views of one selection, the selected span at the right. */

import { type KeyboardEvent, type RefObject, useMemo, useRef, useState } from "react";
import { apiPath, getJson } from "../api/client";
import { useProject, useRun } from "../api/queries";
import type { Run } from "../api/types";
import { Copy } from "../parts/copy";
import { Awaiting, Failure } from "../parts/feedback";
import { StateMark } from "../parts/icons";
import { useKeys } from "../parts/keys";
import { useNow } from "../parts/now";
import { Link, setParams, useHere } from "../url/navigation";
import { linkTo } from "../url/place";
import { count, plural } from "../words/numbers";
import { basisWords, promiseSentence } from "../words/promised";
import { bodyWords, runCaveats, runSentence, runTitle, versionText } from "../words/run";
import { ago, moment } from "../words/time";
import { ContextStrip } from "./context-strip";
import { ContextView } from "./context-view";
import { ConversationView } from "./conversation-view";
import { curlOf, runSql, saveJson } from "./copies";
import { GraphView } from "./graph-view";
import { ancestors, countOf, FAILED, hitsOf, nextRow, type Outline, rowsOfKind, sibling, visibleRows } from "./outline";
import { PromiseView, useQuantity } from "./promise-view";
import { SpanPanel } from "./span-panel";
import { TimelineView } from "./timeline-view";
import { TreeView } from "./tree-view";
import { outlinePath, type Spans, useOutline } from "./use-outline";

const VIEWS = ["tree", "timeline", "graph", "conversation", "context", "promise"] as const;
type ViewName = (typeof VIEWS)[number];

export function RunView({ runId }: { runId: string }) {
  const answer = useRun(runId);
  const spans = useOutline(runId, answer.data);
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
  outline: Outline;
  /** The span in the URL, and its row; -1 while it is not here. */
  spanId: string | null;
  selected: number;
  text: string;
  hits: Uint8Array | null;
  folded: ReadonlySet<string>;
  rows: Int32Array;
  toggle: (row: number) => void;
  select: (row: number) => void;
  clear: () => void;
  reveal: (row: number) => void;
}

function useSelection({ outline }: Spans): Selection {
  const { params } = useHere();
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => visibleRows(outline, folded), [outline, folded]);
  const view = VIEWS.find((name) => name === params.get("view")) ?? "tree";
  const spanId = params.get("span");
  const selected = useMemo(() => outline.at(spanId), [outline, spanId]);
  const text = params.get("find") ?? "";
  const hits = useMemo(() => hitsOf(outline, text), [outline, text]);
  const select = (row: number) => setParams({ span: outline.ids[row] ?? null }, { replace: true });
  const toggle = (row: number) => {
    const next = new Set(folded);
    const id = outline.ids[row] as string;
    if (!next.delete(id)) next.add(id);
    setFolded(next);
  };
  const reveal = (row: number) => {
    if (row < 0) return;
    const above = new Set(ancestors(outline, row).map((one) => outline.ids[one] as string));
    if ([...above].some((id) => folded.has(id))) setFolded(new Set([...folded].filter((id) => !above.has(id))));
    select(row);
  };
  const clear = () => setParams({ span: null, with: null, diff: null }, { replace: true });
  return { view, outline, spanId, selected, text, hits, folded, rows, toggle, select, clear, reveal };
}

function Loaded({ run, spans, stale }: { run: Run; spans: Spans; stale: unknown }) {
  const selection = useSelection(spans);
  const search = useRef<HTMLInputElement>(null);
  const step = useRunKeys(selection, search);
  const { outline } = selection;
  const version = versionOf(run);
  return (
    <div className={selection.spanId ? "view run-view with-panel" : "view run-view"}>
      <Header run={run} />
      {stale ? <Failure error={stale} /> : null}
      {run.model_calls > 0 && (
        <ContextStrip
          runId={run.run_id}
          enabled={spans.complete}
          version={version}
          selected={selection.spanId}
          select={(id) => selection.reveal(outline.at(id))}
        />
      )}
      <Tools run={run} spans={spans} selection={selection} search={search} next={step} />
      <div className="run-columns">
        <Shown run={run} spans={spans} selection={selection} />
        {selection.spanId && <SpanPanel runId={run.run_id} spanId={selection.spanId} close={selection.clear} />}
      </div>
    </div>
  );
}

/** A living run is read anew when its calls change, not with every span. */
function versionOf(run: Run): string {
  return run.lifecycle === "finished" ? "finished" : String(run.model_calls);
}

/** Rows in the order in which a view shows them. */
function orderOf({ view, outline, rows }: Selection): ArrayLike<number> {
  if (view === "conversation" || view === "context" || view === "promise") return rowsOfKind(outline, "llm");
  return rows;
}

/** Binds the keys of the view and returns "go to the next match". */
function useRunKeys(selection: Selection, search: RefObject<HTMLInputElement | null>): () => void {
  const { outline, spanId, selected, hits, reveal } = selection;
  const step = (by: number) => {
    const order = orderOf(selection);
    const at = Array.prototype.indexOf.call(order, selected);
    reveal(order[Math.min(Math.max(at + by, 0), order.length - 1)] ?? -1);
  };
  const nextMatch = () => hits && reveal(nextRow(outline, selected, (row) => hits[row] === 1));
  const show = (name: ViewName) => setParams({ view: name === "tree" ? null : name });
  useKeys({
    ...Object.fromEntries(VIEWS.map((name, i) => [String(i + 1), () => show(name)])),
    j: () => step(1),
    k: () => step(-1),
    "[": () => reveal(sibling(outline, selected, -1)),
    "]": () => reveal(sibling(outline, selected, 1)),
    e: () => reveal(nextRow(outline, selected, (row) => outline.has(row, FAILED))),
    n: nextMatch,
    "/": () => search.current?.focus(),
    Escape: () => (spanId ? selection.clear() : setParams({ find: null }, { replace: true })),
  });
  return nextMatch;
}

function Header({ run }: { run: Run }) {
  const now = useNow();
  const { params } = useHere();
  const quantity = useQuantity();
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
      <p>
        {promiseSentence(run, quantity)} {run.estimate && <span className="muted">{basisWords(run.estimate)} </span>}
        <button type="button" className="plain" onClick={() => setParams({ view: "promise" })}>
          call by call
        </button>
      </p>
      {run.body_reason !== null && <p className="muted">texts of this run: {bodyWords(run)}</p>}
      {runCaveats(run).length > 0 && <p className="caveat">{runCaveats(run).join("; ")}</p>}
    </header>
  );
}

type ToolsProps = {
  run: Run;
  spans: Spans;
  selection: Selection;
  search: RefObject<HTMLInputElement | null>;
  next: () => void;
};

function Tools({ run, spans, selection, search, next }: ToolsProps) {
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
      <Search selection={selection} box={search} next={next} />
      <span className="top-gap" />
      <Progress run={run} spans={spans} outline={selection.outline} />
      <TakeAlong run={run} />
    </div>
  );
}

/** The run as a command, a query or a file. */
function TakeAlong({ run }: { run: Run }) {
  const project = useProject();
  const [said, setSaid] = useState("");
  const path = outlinePath(run.run_id);
  const save = async () => {
    setSaid("reading…");
    try {
      const outline = await getJson<unknown>(path, { project, limit: 50000 });
      saveJson(`run-${run.run_id}.json`, { run, outline });
      setSaid("");
    } catch {
      setSaid("not read: try again");
    }
  };
  return (
    <details className="take-along">
      <summary>copy, download</summary>
      <div>
        <Copy
          text={curlOf(apiPath(`runs/${encodeURIComponent(run.run_id)}/spans`, { project, limit: 500 }))}
          label="copy as curl"
        />
        <Copy text={runSql(project, run.run_id)} label="copy as SQL" />
        <button type="button" onClick={save}>
          {said || "download JSON"}
        </button>
      </div>
    </details>
  );
}

type SearchProps = { selection: Selection; box: RefObject<HTMLInputElement | null>; next: () => void };

function Search({ selection, box, next }: SearchProps) {
  const { text, hits } = selection;
  const found = useMemo(() => countOf(hits), [hits]);
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
        {text ? `${plural(found, "match", "matches")}${found > 0 ? ", Enter or n: next" : ""}` : ""}
      </span>
    </span>
  );
}

function Progress({ run, spans, outline }: { run: Run; spans: Spans; outline: Outline }) {
  const errors = useMemo(() => outline.flags.reduce((sum, flags) => sum + (flags & FAILED), 0), [outline]);
  if (spans.capped)
    return <span className="caveat">the first {count(outline.count)} spans; the rest is in the API</span>;
  if (!spans.complete) {
    return (
      <span className="muted" role="status">
        the first {count(outline.count)} of {count(Math.max(run.spans, outline.count))} spans; the rest is being read…
      </span>
    );
  }
  return (
    <span className="muted" role="status">
      {plural(outline.count, "span")}, {errors > 0 ? `${plural(errors, "error")} (e: next)` : "no error"}
    </span>
  );
}

function Shown({ run, spans, selection }: { run: Run; spans: Spans; selection: Selection }) {
  const { view, outline, rows, folded, hits, selected, select, toggle } = selection;
  if (spans.error && outline.count === 0) return <Failure error={spans.error} retry={spans.retry} />;
  if (spans.pending) return <Awaiting what={`${plural(run.spans, "span")} of this run`} lines={16} />;
  return (
    <div className="run-main">
      {spans.error ? <Failure error={spans.error} retry={spans.retry} /> : null}
      {view === "tree" && <TreeView {...{ outline, rows, folded, hits, selected, select, toggle }} />}
      {view === "timeline" && (
        <TimelineView {...{ outline, rows, hits, selected, select }} buckets={spans.complete ? spans.buckets : null} />
      )}
      {view === "graph" && <GraphView {...{ outline, hits, selected, select }} />}
      {view === "conversation" && (
        <ConversationView runId={run.run_id} outline={outline} selected={selection.spanId} select={select} />
      )}
      {view === "context" && (
        <ContextView
          runId={run.run_id}
          enabled={spans.complete}
          version={versionOf(run)}
          selected={selection.spanId}
          select={(id) => selection.reveal(outline.at(id))}
        />
      )}
      {view === "promise" && <PromiseView {...{ run, outline, selected, select }} complete={spans.complete} />}
    </div>
  );
}
