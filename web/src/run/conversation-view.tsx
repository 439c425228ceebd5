/** The conversation: model calls in order, each with only what it added. Bodies are fetched a few calls at a time. */

import { useQueries } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { spanQuery, useProject } from "../api/queries";
import type { SpanDetail } from "../api/types";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { Mark } from "../parts/icons";
import { capital, count, plural, short } from "../words/numbers";
import { milliseconds } from "../words/time";
import { absentWords } from "./context";
import { type CallDelta, deltas } from "./conversation";
import { MessageBlock } from "./messages";
import { type Outline, rowsOfKind, type SpanRow } from "./outline";

const STEP = 10;

/** Calls before the selected one that are read with it; more are a click away. */
const BEFORE_MAX = 40;

type Props = { runId: string; outline: Outline; selected: string | null; select: (row: number) => void };

export function ConversationView({ runId, outline, selected, select }: Props) {
  const project = useProject();
  const calls = useMemo(() => rowsOfKind(outline, "llm").map((row) => outline.row(row)), [outline]);
  const chosen = calls.findIndex((span) => span.span_id === selected);
  const [asked, setAsked] = useState(STEP);
  const start = chosen >= BEFORE_MAX ? chosen - BEFORE_MAX : 0;
  const shown = calls.slice(start, Math.max(start + asked, chosen + 1));
  const answers = useQueries({ queries: shown.map((span) => spanQuery(runId, span.span_id, project)) });
  const details = answers.map((answer) => answer.data);
  const parts = useDeltas(details);
  if (calls.length === 0) return <Nothing>This run has no model call yet, so there is no conversation.</Nothing>;
  return (
    <div className="conversation" tabIndex={0} role="region" aria-label="Conversation">
      {start > 0 && (
        <p className="caveat">
          Starts at call {count(start + 1)} of {count(calls.length)}: the first one here shows its whole context.
        </p>
      )}
      {shown.map((span, i) => (
        <Call
          key={span.span_id}
          number={start + i + 1}
          span={span}
          detail={details[i]}
          delta={parts.get(span.span_id)}
          error={answers[i]?.error}
          selected={span.span_id === selected}
          select={() => select(span.row)}
        />
      ))}
      {start + shown.length < calls.length && (
        <button type="button" onClick={() => setAsked(shown.length + STEP)}>
          Show the next {Math.min(STEP, calls.length - start - shown.length)} of {plural(calls.length, "model call")}
        </button>
      )}
    </div>
  );
}

const NO_MESSAGES = { input: [], output: [] };

/** Differences need every earlier call, so they are taken over the unbroken beginning that has arrived. */
function useDeltas(details: readonly (SpanDetail | undefined)[]): Map<string, CallDelta> {
  const missing = details.indexOf(undefined);
  const arrived = (missing < 0 ? details : details.slice(0, missing)) as readonly SpanDetail[];
  const key = arrived.map((detail) => detail.span_id).join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: a call's messages do not change once it has come
  return useMemo(
    () =>
      new Map(
        deltas(arrived.map(({ span_id, messages }) => ({ spanId: span_id, ...(messages ?? NO_MESSAGES) }))).map(
          (one) => [one.spanId, one],
        ),
      ),
    [key],
  );
}

type CallProps = {
  number: number;
  span: SpanRow;
  detail: SpanDetail | undefined;
  delta: CallDelta | undefined;
  error: unknown;
  selected: boolean;
  select: () => void;
};

function Call({ number, span, detail, delta, error, selected, select }: CallProps) {
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    if (selected) box.current?.scrollIntoView({ block: "nearest" });
  }, [selected]);
  return (
    <section ref={box} className={selected ? "call call-selected" : "call"} aria-label={`Model call ${number}`}>
      <h2>
        <button type="button" className="plain" onClick={select}>
          call {number} {span.agent && `· ${span.agent}`} · {span.model ?? "model unknown"}
        </button>
        <span className="muted">
          {" "}
          {short(span.tokens_input)} → {short(span.tokens_output)} tokens, {milliseconds(span.duration_ms)}
        </span>
        {span.failed && (
          <span className="bad-text">
            {" "}
            <Mark name="error" /> {span.error ?? "error"}
          </span>
        )}
      </h2>
      {error ? (
        <Failure error={error} />
      ) : detail && delta ? (
        <CallBody detail={detail} delta={delta} />
      ) : (
        <Awaiting what={`the messages of call ${number}`} lines={3} />
      )}
    </section>
  );
}

function CallBody({ detail, delta }: { detail: SpanDetail; delta: CallDelta }) {
  const state = detail.messages?.content_state ?? "absent";
  if (state !== "present")
    return <p className="muted">{capital(absentWords({ content_state: state, absent: detail.absent }))}.</p>;
  return (
    <>
      {delta.repeated > 0 && <p className="repeat-line">{plural(delta.repeated, "earlier message")} resent</p>}
      {delta.dropped > 0 && (
        <p className="repeat-line">context rewritten: {plural(delta.dropped, "earlier message")} not resent</p>
      )}
      {[...delta.fresh, ...delta.output].map((message, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a message is its position in the call
        <MessageBlock key={i} message={message} />
      ))}
    </>
  );
}
