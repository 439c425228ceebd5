/** Messages as text and only as text: nothing a model or a user wrote is ever read as HTML, a link or a picture. */

import { useState } from "react";
import type { Message, MessagePart } from "../api/types";
import { bytes, plural } from "../words/numbers";
import { asText } from "./conversation";

/** What is shown of a long text before it is unfolded; and at most, since a browser lays out a 1 MB line for seconds. */
const FOLD_AT = 1200;
const SHOW_MAX = 60000;

export function LongText({ text, className = "text" }: { text: string; className?: string }) {
  const [open, setOpen] = useState(false);
  const folded = text.length > FOLD_AT && !open;
  const shown = text.slice(0, folded ? FOLD_AT : SHOW_MAX);
  return (
    <>
      <pre className={className} dir="auto">
        {shown}
        {folded && "…"}
      </pre>
      {text.length > FOLD_AT && (
        <p className="fold-line">
          <button type="button" className="plain" onClick={() => setOpen(!open)}>
            {folded ? `show all ${bytes(text.length)}` : "fold"}
          </button>
          {!folded && text.length > SHOW_MAX && (
            <span className="muted">
              {" "}
              first {bytes(SHOW_MAX)} of {bytes(text.length)}; the JSON download has all
            </span>
          )}
        </p>
      )}
    </>
  );
}

export function MessageBlock({ message }: { message: Message }) {
  return (
    <article className={`message message-${message.role}`}>
      <p className="role">
        {message.role}
        {message.finish_reason && <span className="muted"> finished: {message.finish_reason}</span>}
      </p>
      {message.parts.map((part, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: parts never move within a message
        <Part key={i} part={part} />
      ))}
    </article>
  );
}

function Part({ part }: { part: MessagePart }) {
  switch (part.type) {
    case "text":
      return <LongText text={asText(part.content)} />;
    case "reasoning":
      return (
        <div className="part-reasoning">
          <span className="muted">reasoning</span>
          <LongText text={asText(part.content)} />
        </div>
      );
    case "tool_call":
      return (
        <div className="part-call">
          <span>
            calls <strong>{asText(part.name)}</strong>
          </span>
          <LongText text={pretty(part.arguments)} className="text mono" />
        </div>
      );
    case "tool_call_response":
      return (
        <div className="part-call">
          <span className="muted">result {asText(part.id)}</span>
          <LongText text={pretty(part.result)} className="text mono" />
        </div>
      );
    default:
      return <LongText text={`[${part.type}] ${asText({ ...part, type: undefined })}`} className="text mono" />;
  }
}

/** Arguments often come as JSON in a string: laid out when they are, left alone when not. */
function pretty(value: unknown): string {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value) || value.length > SHOW_MAX) return asText(value);
  try {
    return asText(JSON.parse(value));
  } catch {
    return value;
  }
}

export function MessageList({ title, messages }: { title: string; messages: readonly Message[] }) {
  if (messages.length === 0) return null;
  return (
    <details open={messages.length <= 4}>
      <summary>
        {title}: {plural(messages.length, "message")}
      </summary>
      {messages.map((message, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a message is its position in the call
        <MessageBlock key={i} message={message} />
      ))}
    </details>
  );
}
