/** The conversation: model calls in order, each with only what it added. Bodies are fetched a few calls at a time. */

import { useQueries } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { spanQuery, useProject } from "../api/queries";
import type { SpanDetail } from "../api/types";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { Mark } from "../parts/icons";
import { plural, short } from "../words/numbers";
import { milliseconds } from "../words/time";
import { type CallDelta, deltas } from "./conversation";
import { CONTENT_WORDS, MessageBlock } from "./messages";
import { isFailed, type SpanRow } from "./tree";

const STEP = 10;

type Props = { runId: string; spans: readonly SpanRow[]; selected: string | null; select: (id: string) => void };

export function modelCalls(spans: readonly SpanRow[]): SpanRow[] {
  return spans.filter((span) => span.op_kind === "llm" && !span.synthetic).sort((a, b) => a.offset_ms - b.offset_ms);
}

export function ConversationView({ runId, spans, selected, select }: Props) {
  const project = useProject();
  const calls = useMemo(() => modelCalls(spans), [spans]);
  const chosen = calls.findIndex((span) => span.span_id === selected);
  const [asked, setAsked] = useState(STEP);
  const shown = calls.slice(0, Math.max(asked, chosen + 1));
  const answers = useQueries({ queries: shown.map((span) => spanQuery(runId, span.span_id, project)) });
  const details = answers.map((answer) => answer.data);
  const parts = useDeltas(details);
  if (calls.length === 0) return <Nothing>This run has no model call yet, so there is no conversation.</Nothing>;
  return (
    <div className="conversation" tabIndex={0} role="region" aria-label="Conversation">
      {shown.map((span, i) => (
        <Call
          key={span.span_id}
          number={i + 1}
          span={span}
          detail={details[i]}
          delta={parts.get(span.span_id)}
          error={answers[i]?.error}
          selected={span.span_id === selected}
          select={() => select(span.span_id)}
        />
      ))}
      {shown.length < calls.length && (
        <button type="button" onClick={() => setAsked(shown.length + STEP)}>
          Show the next {Math.min(STEP, calls.length - shown.length)} of {plural(calls.length, "model call")}
        </button>
      )}
    </div>
  );
}

/** Differences need every earlier call, so they are taken over the unbroken beginning that has arrived. */
function useDeltas(details: readonly (SpanDetail | undefined)[]): Map<string, CallDelta> {
  const missing = details.indexOf(undefined);
  const arrived = (missing < 0 ? details : details.slice(0, missing)) as readonly SpanDetail[];
  const key = arrived.map((detail) => detail.span_id).join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: a call's messages do not change once it has come
  return useMemo(
    () =>
      new Map(
        deltas(arrived.map(({ span_id, messages }) => ({ spanId: span_id, ...messages }))).map((one) => [
          one.spanId,
          one,
        ]),
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
          call {number} {span.agent_name && `· ${span.agent_name}`} ·{" "}
          {span.model_response ?? span.model_request ?? "model unknown"}
        </button>
        <span className="muted">
          {" "}
          {short(span.tokens_input)} → {short(span.tokens_output)} tokens, {milliseconds(span.duration_ms)}
        </span>
        {isFailed(span) && (
          <span className="bad-text">
            {" "}
            <Mark name="error" /> {span.error_class ?? "error"}
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
  if (detail.messages.content_state !== "present")
    return <p className="muted">{CONTENT_WORDS[detail.messages.content_state]}</p>;
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
