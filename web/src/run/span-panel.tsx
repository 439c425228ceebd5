/** The selected span: times, model, tokens, cost, error, messages; the raw form one click away. */

import { useQuery } from "@tanstack/react-query";
import { apiPath } from "../api/client";
import { spanPath, spanQuery, useProject } from "../api/queries";
import type { SpanDetail } from "../api/types";
import { Copy } from "../parts/copy";
import { Awaiting, Failure } from "../parts/feedback";
import { Mark } from "../parts/icons";
import { Facts } from "../runs/facts";
import { count, dollars } from "../words/numbers";
import { duration, milliseconds, moment } from "../words/time";
import { Kind } from "./kinds";
import { CONTENT_WORDS, LongText, MessageList } from "./messages";

type Props = { runId: string; spanId: string; close: () => void };

export function SpanPanel({ runId, spanId, close }: Props) {
  const project = useProject();
  const answer = useQuery(spanQuery(runId, spanId, project));
  return (
    <aside className="panel span-panel" aria-label="Selected span">
      <div className="panel-head">
        <Copy text={curl(runId, spanId, project)} label="copy as curl" />
        {answer.data && <Download detail={answer.data} />}
        <button type="button" onClick={close} aria-label="Close">
          ✕
        </button>
      </div>
      {answer.data ? (
        <Body detail={answer.data} />
      ) : answer.error ? (
        <Failure error={answer.error} retry={() => answer.refetch()} />
      ) : (
        <Awaiting what="this span" lines={10} />
      )}
    </aside>
  );
}

/** Single quotes, since an id may hold anything a shell would read. */
function curl(runId: string, spanId: string, project: string): string {
  const address = `${window.location.origin}${apiPath(spanPath(runId, spanId), { project })}`;
  return `curl -s '${address.replaceAll("'", "%27")}'`;
}

function Download({ detail }: { detail: SpanDetail }) {
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(detail, null, 2)], { type: "application/json" }));
    link.download = `span-${detail.span_id}.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <button type="button" onClick={save}>
      download JSON
    </button>
  );
}

function Body({ detail }: { detail: SpanDetail }) {
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
  const { messages } = detail;
  if (messages.content_state !== "present")
    return detail.op_kind === "llm" ? <p className="muted">{CONTENT_WORDS[messages.content_state]}</p> : null;
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
