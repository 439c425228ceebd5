/** Runs: facets, list with live tail, peek. Keys: j k Enter / p Esc. */

import { useEffect, useRef, useState } from "react";
import { useProject } from "../api/queries";
import type { Run } from "../api/types";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { useKeys } from "../parts/keys";
import { useWide } from "../parts/wide";
import { go, Link, setParams, useHere } from "../url/navigation";
import { linkTo, runPath } from "../url/place";
import { count } from "../words/numbers";
import { ColumnChooser, SavedViews } from "./choosers";
import { FacetPanel } from "./facet-panel";
import { ALL_FACETS, activeCount, type RunsState, stateOf, unsetWord } from "./filter";
import { Peek } from "./peek";
import { RunTable } from "./run-list";
import { type RunsList, useRuns } from "./use-runs";

export function RunsView() {
  const { params } = useHere();
  const state = stateOf(params);
  const wide = useWide();
  const scroller = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const [atTop, setAtTop] = useState(true);
  const list = useRuns(state, atTop);
  const linkOf = (run: Run) => linkTo(runPath(run.run_id), params);
  const select = (run: Run | undefined) => run && setParams({ peek: run.run_id }, { replace: true });
  useRunKeys({ state, list, select, open: (id) => go(linkTo(runPath(id), params)), search });
  return (
    <div className="view runs-view">
      <h1 className="off-screen">Runs</h1>
      <Side state={state} wide={wide} />
      <div className="runs-main">
        <Bar state={state} list={list} search={search} toTop={() => scroller.current?.scrollTo({ top: 0 })} />
        <Body list={list} state={state}>
          <RunTable
            list={list}
            sort={state.sort}
            selected={state.peek}
            choose={(run) => (wide ? select(run) : go(linkOf(run)))}
            linkOf={linkOf}
            scroller={scroller}
            onScroll={() => setAtTop((scroller.current?.scrollTop ?? 0) < 4)}
          />
        </Body>
      </div>
      {wide && state.peek && (
        <Peek
          runId={state.peek}
          known={list.rows.find((run) => run.run_id === state.peek)}
          to={linkTo(runPath(state.peek), params)}
        />
      )}
    </div>
  );
}

type KeyProps = {
  state: RunsState;
  list: RunsList;
  select: (run: Run | undefined) => void;
  open: (id: string) => void;
  search: React.RefObject<HTMLInputElement | null>;
};

function useRunKeys({ state, list, select, open, search }: KeyProps): void {
  const at = list.rows.findIndex((run) => run.run_id === state.peek);
  const down = () => select(list.rows[Math.min(at + 1, list.rows.length - 1)]);
  const up = () => select(list.rows[Math.max(at - 1, 0)]);
  useKeys({
    ...{ j: down, ArrowDown: down, k: up, ArrowUp: up },
    Enter: () => state.peek && open(state.peek),
    "/": () => search.current?.focus(),
    p: () => setParams({ tail: state.paused ? null : "off" }, { replace: true }),
    Escape: () => setParams({ peek: null }, { replace: true }),
  });
}

function Side({ state, wide }: { state: RunsState; wide: boolean }) {
  if (wide) {
    return (
      <aside className="side" aria-label="Facets">
        <FacetPanel state={state} />
      </aside>
    );
  }
  return (
    <details className="side-fold">
      <summary>Facets{activeCount(state) > 0 ? ` (${activeCount(state)} active)` : ""}</summary>
      <FacetPanel state={state} />
    </details>
  );
}

type BarProps = {
  state: RunsState;
  list: RunsList;
  search: React.RefObject<HTMLInputElement | null>;
  toTop: () => void;
};

function Bar({ state, list, search, toTop }: BarProps) {
  return (
    <div className="runs-bar">
      <SearchBox text={state.text} box={search} />
      <Chips state={state} />
      <span className="top-gap" />
      <SavedViews />
      <ColumnChooser />
      <TailState state={state} list={list} toTop={toTop} />
    </div>
  );
}

const TYPING_PAUSE_MS = 250;

function SearchBox({ text, box }: { text: string; box: React.RefObject<HTMLInputElement | null> }) {
  const [typed, setTyped] = useState(text);
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    if (typed === text) return;
    const timer = window.setTimeout(() => setParams({ q: typed || null }, { replace: true }), TYPING_PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [typed, text]);
  return (
    <input
      ref={box}
      type="search"
      aria-label="Search runs"
      placeholder="run or trace id, agent, root   /"
      value={typed}
      onChange={(event) => setTyped(event.target.value)}
      onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
    />
  );
}

function Chips({ state }: { state: RunsState }) {
  const chips = ALL_FACETS.flatMap((name) => (state.equals[name] ?? []).map((value) => ({ name, value })));
  const all = [...chips, ...state.has.map((value) => ({ name: "has", value }))];
  if (all.length === 0) return null;
  const rest = (name: string, value: string) =>
    (name === "has" ? state.has : (state.equals[name] ?? [])).filter((one) => one !== value);
  const none = Object.fromEntries([...ALL_FACETS, "has", "q"].map((name) => [name, null]));
  return (
    <span className="chips">
      {all.map(({ name, value }) => (
        <button
          type="button"
          className="chip"
          key={`${name}=${value}`}
          onClick={() => setParams({ [name]: rest(name, value) })}
          aria-label={`Remove filter ${name} ${value || unsetWord(name)}`}
        >
          {name.replaceAll("_", " ")}: {value || unsetWord(name)} ✕
        </button>
      ))}
      <button type="button" className="plain" onClick={() => setParams(none)}>
        clear all
      </button>
    </span>
  );
}

function TailState({ state, list, toTop }: { state: RunsState; list: RunsList; toTop: () => void }) {
  const take = () => {
    if (list.atLeast) list.restart();
    setParams({ tail: null }, { replace: true });
    toTop();
  };
  const waiting = `${count(list.waiting)}${list.atLeast ? "+" : ""} new`;
  if (!list.tailed) return <span className="muted">no live tail in this order or range</span>;
  return (
    <span className="tail">
      <span role="status" aria-live="polite">
        {list.waiting > 0 && (
          <button type="button" className="new-runs" onClick={take}>
            {waiting}
          </button>
        )}
      </span>
      <button
        type="button"
        aria-pressed={state.paused}
        onClick={() => setParams({ tail: state.paused ? null : "off" }, { replace: true })}
      >
        <span className={state.paused ? "dot" : "dot dot-live"} /> {state.paused ? "paused" : "live"}
      </button>
    </span>
  );
}

function Body({ list, state, children }: { list: RunsList; state: RunsState; children: React.ReactNode }) {
  const { params } = useHere();
  const project = useProject();
  if (list.error && list.rows.length === 0) return <Failure error={list.error} retry={list.restart} />;
  if (list.pending) return <Awaiting what="the runs" lines={20} />;
  if (list.rows.length > 0) return children;
  const filtered = activeCount(state) > 0 || state.range.since || state.range.until;
  return (
    <Nothing>
      {filtered ? "No run matches these filters in this range." : `No run has arrived in project ${project}.`}{" "}
      <Link to={filtered ? linkTo("/runs", new URLSearchParams({ project })) : linkTo("/", params)}>
        {filtered ? "Show all runs" : "How to connect an agent"}
      </Link>
    </Nothing>
  );
}
