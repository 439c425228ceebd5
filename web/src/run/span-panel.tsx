/** The selected span: times, model, tokens, cost, error, messages; the raw form one click away. */

import { useQuery } from "@tanstack/react-query";
import { apiPath } from "../api/client";
import { spanPath, spanQuery, useProject } from "../api/queries";
import type { SpanDetail } from "../api/types";
import { Copy } from "../parts/copy";
import { Awaiting, Failure } from "../parts/feedback";
import { Mark } from "../parts/icons";
import { Facts } from "../runs/facts";
import { capital, count, dollars } from "../words/numbers";
import { duration, milliseconds, moment } from "../words/time";
import { absentWords } from "./context";
import { ContextChanges } from "./context-diff";
import { curlOf, saveJson, spanSql } from "./copies";
import { Kind } from "./kinds";
import { LongText, MessageList } from "./messages";

type Props = { runId: string; spanId: string; close: () => void };

export function SpanPanel({ runId, spanId, close }: Props) {
  const project = useProject();
  const answer = useQuery(spanQuery(runId, spanId, project));
  return (
    <aside className="panel span-panel" aria-label="Selected span">
      <div className="panel-head">
        <Copy text={curlOf(apiPath(spanPath(runId, spanId), { project }))} label="copy as curl" />
        {answer.data && !answer.data.synthetic && <Copy text={spanSql(project, answer.data)} label="copy as SQL" />}
        {answer.data && <Download detail={answer.data} />}
        <button type="button" onClick={close} aria-label="Close">
          ✕
        </button>
      </div>
      {answer.data ? (
        <Body runId={runId} detail={answer.data} />
      ) : answer.error ? (
        <Failure error={answer.error} retry={() => answer.refetch()} />
      ) : (
        <Awaiting what="this span" lines={10} />
      )}
    </aside>
  );
}

function Download({ detail }: { detail: SpanDetail }) {
  const save = () => saveJson(`span-${detail.span_id}.json`, detail);
  return (
    <button type="button" onClick={save}>
      download JSON
    </button>
  );
}

function Body({ runId, detail }: { runId: string; detail: SpanDetail }) {
  return (
    <>
      <h2>
        <Kind kind={detail.op_kind} /> {detail.synthetic ? "missing span" : detail.name}
      </h2>
      {detail.synthetic && (
        <p className="caveat">This span never came. It stands where its children say that it must be.</p>
      )}
      {detail.repair_rule && (
        <p className="caveat">
          Its parent did not come; it was attached by the rule {detail.repair_rule.replaceAll("_", " ")}.
        </p>
      )}
      <ErrorOf detail={detail} />
      <Times detail={detail} />
      <Usage detail={detail} />
      {detail.op_kind === "llm" && <ContextChanges runId={runId} spanId={detail.span_id} />}
      <Messages detail={detail} />
      <Raw detail={detail} />
    </>
  );
}

function ErrorOf({ detail }: { detail: SpanDetail }) {
  if (detail.status !== "error" && !detail.error_class) return null;
  return (
    <div className="span-error">
      <p className="bad-text">
        <Mark name="error" /> {[detail.error_class, detail.error_type].filter(Boolean).join(" · ") || "error"}
      </p>
      {detail.status_message && <LongText text={detail.status_message} />}
    </div>
  );
}

function Times({ detail }: { detail: SpanDetail }) {
  return (
    <Facts
      facts={[
        ["started", moment(detail.started_at)],
        ["after the run's start", milliseconds(detail.offset_ms)],
        ["duration", detail.ended_at ? milliseconds(detail.duration_ms) : "has not ended"],
        ["first token after", detail.ttft_s === null ? null : duration(detail.ttft_s)],
        ["model asked", detail.model_request],
        ["model answered", detail.model_response],
        ["provider", detail.provider],
        ["agent", detail.agent_name],
        ["tool", detail.tool_name],
        ["finish reasons", detail.finish_reasons],
        ["attempt", detail.retry_attempt === null ? null : count(detail.retry_attempt)],
        ["service", detail.service_name],
        ["dialect", detail.dialect],
        ["span id", detail.span_id],
        ["parent id", detail.parent_span_id || null],
        ["trace id", detail.trace_id],
      ]}
    />
  );
}

function Usage({ detail }: { detail: SpanDetail }) {
  const some = (value: number | null) => (value === null ? null : count(value));
  const all = [detail.tokens_input, detail.tokens_output, detail.cost_usd, detail.tokens_residual];
  if (all.every((value) => value === null))
    return detail.op_kind === "llm" ? <p className="caveat">Token usage was not reported.</p> : null;
  return (
    <>
      <h3>Tokens and cost</h3>
      <Facts
        facts={[
          ["input", count(detail.tokens_input)],
          ["of it read from cache", some(detail.tokens_cache_read)],
          ["of it written to cache", some(detail.tokens_cache_write)],
          ["output", count(detail.tokens_output)],
          ["of it reasoning", some(detail.tokens_reasoning)],
          ["usage covers", detail.usage_scope.replaceAll("_", " ")],
          ["residual: explained by no child", some(detail.tokens_residual)],
          ["cost", dollars(detail.cost_usd)],
        ]}
      />
    </>
  );
}

function Messages({ detail }: { detail: SpanDetail }) {
  const { messages, absent } = detail;
  if (messages === null || messages.content_state !== "present") {
    const state = messages?.content_state ?? "absent";
    return detail.op_kind === "llm" || absent ? (
      <p className="muted">
        {capital(absentWords({ content_state: state, absent }))}.
        {state === "absent" && !absent && " Most instrumentations send them only when content capture is switched on."}
      </p>
    ) : null;
  }
  return (
    <>
      <h3>Messages</h3>
      <MessageList title="in" messages={messages.input} />
      <MessageList title="out" messages={messages.output} />
    </>
  );
}

function Raw({ detail }: { detail: SpanDetail }) {
  return (
    <>
      <details>
        <summary>Raw, as received</summary>
        <LongText text={JSON.stringify(detail.raw, null, 2)} className="text mono" />
      </details>
      {Object.keys(detail.mapped_by).length > 0 && (
        <details>
          <summary>Which key gave which field</summary>
          <Facts facts={Object.entries(detail.mapped_by)} />
        </details>
      )}
    </>
  );
}
