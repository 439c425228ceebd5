/** The context window of each model call, stacked by consumer: growth, cuts and cache breaks at a glance. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo, useRef, useState } from "react";
import { getJson } from "../api/client";
import { useProject } from "../api/queries";
import type { CallContext, Contexts } from "../api/types";
import { plural } from "../words/numbers";
import { CONSUMER_WORDS, CONSUMERS, callWords, isCut, partsOf, sizeOf, type Unit, unitOf } from "./context";
import { inkOf, penOf } from "./ink";
import { usePainting } from "./use-painting";

const PAGE = 200;
const HEIGHT = 64;

/** Colours of the consumers, by token; the words stand in the legend and in the line below. */
const TOKENS = ["--kind-other", "--kind-agent", "--series-1", "--stalled", "--kind-tool"] as const;

export function useContexts(runId: string, enabled: boolean, version: string) {
  const project = useProject();
  return useInfiniteQuery({
    queryKey: ["context", runId, project, version],
    queryFn: ({ pageParam, signal }) =>
      getJson<Contexts>(
        `runs/${encodeURIComponent(runId)}/context`,
        { project, limit: PAGE, cursor: pageParam },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    enabled,
    structuralSharing: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

interface Picture {
  calls: readonly CallContext[];
  unit: Unit;
  selected: number;
  pointed: number;
}

type Props = {
  runId: string;
  enabled: boolean;
  version: string;
  selected: string | null;
  select: (spanId: string) => void;
};

export function ContextStrip({ runId, enabled, version, selected, select }: Props) {
  const answer = useContexts(runId, enabled, version);
  const canvas = useRef<HTMLCanvasElement>(null);
  const [pointed, setPointed] = useState(-1);
  const calls = useMemo(() => answer.data?.pages.flatMap((page) => page.items) ?? [], [answer.data]);
  const all = answer.data?.pages[0]?.calls ?? 0;
  const unit = unitOf(calls);
  const at = calls.findIndex((call) => call.span_id === selected);
  usePainting<Picture>(canvas, paint, { calls, unit, selected: at, pointed });
  if (answer.isSuccess && calls.length === 0) return null;
  const shown = pointed >= 0 ? pointed : at;
  const placeAt = (x: number, width: number) => Math.min(calls.length - 1, Math.floor((x / width) * calls.length));
  const step = (by: number) => {
    const call = calls[Math.min(Math.max((at < 0 ? (by > 0 ? -1 : calls.length) : at) + by, 0), calls.length - 1)];
    if (call) select(call.span_id);
  };
  return (
    <section className="context-strip" aria-label="Context window per model call">
      <canvas
        ref={canvas}
        height={HEIGHT}
        tabIndex={0}
        role="slider"
        aria-label="Model call"
        aria-valuemin={1}
        aria-valuemax={Math.max(1, calls.length)}
        aria-valuenow={at + 1}
        aria-valuetext={at >= 0 ? callWords(calls[at] as CallContext, at + 1) : "none selected"}
        onPointerMove={(event) => setPointed(placeAt(event.nativeEvent.offsetX, event.currentTarget.clientWidth))}
        onPointerLeave={() => setPointed(-1)}
        onClick={(event) => {
          const call = calls[placeAt(event.nativeEvent.offsetX, event.currentTarget.clientWidth)];
          if (call) select(call.span_id);
        }}
        onKeyDown={(event) => {
          if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
          event.preventDefault();
          step(event.key === "ArrowLeft" ? -1 : 1);
        }}
      />
      <p className="context-line">
        {shown >= 0 ? (
          <span>{callWords(calls[shown] as CallContext, shown + 1)}</span>
        ) : (
          <Legend unit={unit} n={calls.length} />
        )}
        {answer.hasNextPage && (
          <button type="button" className="plain" onClick={() => answer.fetchNextPage()} disabled={answer.isFetching}>
            {answer.isFetching ? "reading…" : `${plural(all - calls.length, "further call")}`}
          </button>
        )}
        {answer.error ? <span className="caveat">contexts could not be read</span> : null}
      </p>
    </section>
  );
}

function Legend({ unit, n }: { unit: Unit; n: number }) {
  return (
    <span className="muted">
      Context of {n > 0 ? plural(n, "model call") : "each model call"} in {unit}:{" "}
      {CONSUMERS.map((name, i) => (
        <span key={name} className="legend-item">
          <i style={{ background: `var(${TOKENS[i]})` }} /> {CONSUMER_WORDS[name]}
        </span>
      ))}
      <span className="legend-item">▾ cut or rewritten</span>{" "}
      <span className="legend-item">✕ cache missed or broken</span>
    </span>
  );
}

function paint(canvas: HTMLCanvasElement, { calls, unit, selected, pointed }: Picture): void {
  const pen = penOf(canvas);
  if (!pen || calls.length === 0) return;
  const ink = inkOf(canvas);
  pen.clearRect(0, 0, ink.width, ink.height);
  const step = ink.width / calls.length;
  const gap = step > 4 ? 1 : 0;
  const most = Math.max(1, ...calls.map((call) => sizeOf(call, unit) ?? 0));
  const room = ink.height - 14;
  calls.forEach((call, i) => {
    const left = i * step;
    if (i === selected || i === pointed) {
      pen.fillStyle = ink.token(i === selected ? "--selected" : "--raised");
      pen.fillRect(left, 0, Math.max(2, step), ink.height);
    }
    bar(pen, ink, call, unit, { left, width: Math.max(1, Math.min(step, 40) - gap), scale: room / most });
  });
}

type Slot = { left: number; width: number; scale: number };

function bar(
  pen: CanvasRenderingContext2D,
  ink: ReturnType<typeof inkOf>,
  call: CallContext,
  unit: Unit,
  { left, width, scale }: Slot,
): void {
  const size = sizeOf(call, unit);
  let y = ink.height;
  const parts = partsOf(call, unit);
  if (parts === null) {
    // The size is known and what it is made of is not: an outline.
    pen.strokeStyle = ink.token("--muted");
    if (size) pen.strokeRect(left + 0.5, y - size * scale + 0.5, Math.max(1, width - 1), size * scale);
  } else
    parts.forEach((part, i) => {
      pen.fillStyle = ink.token(TOKENS[i] as string);
      pen.fillRect(left, y - part * scale, width, part * scale);
      y -= part * scale;
    });
  pen.fillStyle = ink.token("--bad");
  pen.font = "10px system-ui, sans-serif";
  pen.textAlign = "center";
  const top = Math.max(9, ink.height - (size ?? 0) * scale - 3);
  const broken = call.cache === "missed" || call.cache === "broken";
  if (isCut(call) || broken) pen.fillText(isCut(call) ? "▾" : "✕", left + width / 2, top);
  pen.textAlign = "start";
}
