/** Who used the window of each model call, how full it was, what was cut since the call before, and what the cut cost. */

import { useQuery } from "@tanstack/react-query";
import { getJson, ProblemError } from "../api/client";
import { useProject } from "../api/queries";
import type { CallContext, Listing, Superseded, Use } from "../api/types";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { plural, short } from "../words/numbers";
import { CACHE_WORDS } from "./context";
import { useContexts } from "./context-strip";
import {
  costWords,
  cutWords,
  planWords,
  scaleOf,
  shareWords,
  USE_WORDS,
  USES,
  type WindowBar,
  windowBar,
  windowsSentence,
} from "./windows";

/** Colours by token; the words stand in the legend and in each bar's title. */
const INKS: Record<Use, string> = {
  tools: "--kind-other",
  system: "--kind-agent",
  world: "--waiting",
  task: "--accent",
  retrieved: "--ok",
  history: "--stalled",
  tool_results: "--kind-tool",
};

type Props = {
  runId: string;
  enabled: boolean;
  version: string;
  selected: string | null;
  select: (spanId: string) => void;
};

export function ContextView({ runId, enabled, version, selected, select }: Props) {
  const answer = useContexts(runId, enabled, version);
  const superseded = useSuperseded(runId, enabled, version);
  const calls = answer.data?.pages.flatMap((page) => page.items) ?? [];
  const all = answer.data?.pages[0]?.calls ?? 0;
  if (!answer.data)
    return (
      <div className="context-view">
        {answer.error ? (
          <Failure error={answer.error} retry={() => answer.refetch()} />
        ) : (
          <Awaiting what="the contexts of this run" lines={12} />
        )}
      </div>
    );
  if (calls.length === 0) return <Nothing>This run made no model call, so it had no context.</Nothing>;
  const bars = calls.map(windowBar);
  const top = scaleOf(bars);
  const bySpan = new Map<string, Superseded[]>();
  for (const one of superseded.data?.items ?? []) bySpan.set(one.span_id, [...(bySpan.get(one.span_id) ?? []), one]);
  return (
    <div className="context-view" tabIndex={0} role="region" aria-label="Context windows">
      <p className="in-words">{windowsSentence(calls)}</p>
      <Stale answer={superseded} />
      <p className="context-line">
        <span className="muted">
          {USES.map((use) => (
            <span key={use} className="legend-item">
              <i style={{ background: `var(${INKS[use]})` }} /> {USE_WORDS[use]}
            </span>
          ))}
          <span className="legend-item">
            <i className="reserve-swatch" /> kept for the answer
          </span>
          <span className="legend-item">┆ end of the usable window</span>
        </span>
        {answer.hasNextPage && (
          <button type="button" className="plain" onClick={() => answer.fetchNextPage()} disabled={answer.isFetching}>
            {answer.isFetching ? "reading…" : plural(all - calls.length, "further call")}
          </button>
        )}
      </p>
      <ol className="windows">
        {calls.map((call, i) => (
          <WindowRow
            key={call.span_id}
            call={call}
            number={i + 1}
            bar={bars[i] as WindowBar}
            top={top}
            stale={bySpan.get(call.span_id) ?? []}
            selected={call.span_id === selected}
            select={select}
          />
        ))}
      </ol>
    </div>
  );
}

type RowProps = {
  call: CallContext;
  number: number;
  bar: WindowBar;
  top: number;
  stale: readonly Superseded[];
  selected: boolean;
  select: (spanId: string) => void;
};

function WindowRow({ call, number, bar, top, stale, selected, select }: RowProps) {
  const cut = cutWords(call.cuts);
  const plan = planWords(call);
  return (
    <li className={selected ? "window-row is-selected" : "window-row"}>
      <button type="button" className="plain window-name" onClick={() => select(call.span_id)} aria-pressed={selected}>
        call {number}
        {call.agent && <span className="muted"> {call.agent}</span>}
      </button>
      <Bar bar={bar} top={top} />
      <span className="num window-size">{bar.tokens === null ? "—" : short(bar.tokens)}</span>
      <span className="muted window-share">{shareWords(bar)}</span>
      <p className="window-words">
        {cut !== "" && cut !== "nothing" && (
          <span>
            <strong>cut:</strong> {cut}; cost {costWords(call.cuts)}.{" "}
          </span>
        )}
        {call.cache !== "unknown" && (
          <span className="muted">
            {call.cache === "hit" ? `${short(call.cache_read)} tokens ${CACHE_WORDS.hit}` : CACHE_WORDS[call.cache]}.{" "}
          </span>
        )}
        {plan && <span className="muted">plan: {plan}. </span>}
        {stale.map((one) => (
          <span className="over" key={`${one.tool} ${one.argument} ${one.entity} ${one.value}`}>
            {one.in_words}{" "}
            <button type="button" className="plain" onClick={() => select(one.since_span_id)}>
              see call {one.since_call}
            </button>{" "}
          </span>
        ))}
      </p>
    </li>
  );
}

const WIDTH = 400;

function Bar({ bar, top }: { bar: WindowBar; top: number }) {
  const x = (tokens: number) => (Math.min(tokens, top) / top) * WIDTH;
  let left = 0;
  const parts = bar.parts === null ? [] : USES.filter((use) => (bar.parts?.[use] ?? 0) > 0);
  const words = parts.map((use) => `${USE_WORDS[use]} ${short(Math.round(bar.parts?.[use] ?? 0))}`).join(", ");
  const end = bar.tokens ?? 0;
  return (
    <svg
      className="window-bar"
      viewBox={`0 0 ${WIDTH} 14`}
      preserveAspectRatio="none"
      role="img"
      aria-label={words === "" ? "what it is made of is not known" : words}
    >
      <title>{words === "" ? "what it is made of is not known" : words}</title>
      <rect className="fill-whole" width={WIDTH} height="14" />
      {parts.map((use) => {
        const width = x(bar.parts?.[use] ?? 0);
        const at = left;
        left += width;
        return <rect key={use} x={at} width={width} height="14" style={{ fill: `var(${INKS[use]})` }} />;
      })}
      {bar.parts === null && bar.tokens !== null && <rect className="window-outline" width={x(end)} height="14" />}
      {bar.reserve > 0 && (
        <rect className="window-reserve" x={x(end)} width={x(end + bar.reserve) - x(end)} height="14" />
      )}
      {bar.effective !== null && bar.effective <= top && (
        <path className="window-mark" d={`M${x(bar.effective)} 0v14`} />
      )}
    </svg>
  );
}

function useSuperseded(runId: string, enabled: boolean, version: string) {
  const project = useProject();
  return useQuery({
    queryKey: ["superseded", runId, project, version],
    queryFn: ({ signal }) =>
      getJson<Listing<Superseded>>(`runs/${encodeURIComponent(runId)}/context/superseded`, { project }, signal),
    enabled,
    retry: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** References to what was superseded, in a line of a fixed place; a server that does not look says nothing. */
function Stale({ answer }: { answer: ReturnType<typeof useSuperseded> }) {
  if (answer.error instanceof ProblemError && answer.error.problem.status === 404) return null;
  if (answer.error) return <p className="caveat">Whether calls named something superseded could not be read.</p>;
  const found = answer.data?.items.length ?? null;
  return (
    <p className={found ? "over" : "muted"} role="status">
      {found === null
        ? "\u00a0"
        : found === 0
          ? "No call named something that had been superseded."
          : `${plural(found, "reference")} to something that had been superseded, marked below.`}
    </p>
  );
}
