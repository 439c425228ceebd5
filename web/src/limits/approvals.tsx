/** The queue of approvals: who asks for which tool and why it was withheld; approve or refuse by keyboard. */

import { type FormEvent, type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { type Approval, useApprovals, useDecide } from "../api/approvals";
import { ProblemError } from "../api/client";
import { Section } from "../health/section";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { Mark } from "../parts/icons";
import { useKeys } from "../parts/keys";
import { stepped } from "../parts/list-keys";
import { useNow } from "../parts/now";
import { Link, setParams, useHere } from "../url/navigation";
import { linkTo, runPath } from "../url/place";
import { askerWords, numbersWords, queueSentence, STATE_WORDS, whenWords } from "../words/approvals";
import { moment } from "../words/time";

/** Answered questions that stay in sight, so that an answer can be read again. */
const ANSWERED_SHOWN = 5;
const BY = "quarterdeck.by";

export function ApprovalQueue() {
  const answer = useApprovals();
  const absent = answer.error instanceof ProblemError && answer.error.problem.status === 404;
  if (absent) return null;
  if (!answer.data)
    return (
      <Section title="Approvals">
        {answer.error ? <Failure error={answer.error} /> : <Awaiting what="the approvals" lines={2} />}
      </Section>
    );
  return <Queue items={answer.data.items} pending={answer.data.pending_n} error={answer.error} />;
}

function Queue({ items, pending, error }: { items: readonly Approval[]; pending: number; error: unknown }) {
  const { params } = useHere();
  const now = useNow();
  // Who waits longest stands first: it expires first.
  const waiting = items.filter((one) => one.state === "pending").reverse();
  const answered = items.filter((one) => one.state !== "pending").slice(0, ANSWERED_SHOWN);
  const chosen = params.get("approval");
  const asked = params.get("decide");
  const ids = waiting.map((one) => one.approval_id);
  const current = waiting.find((one) => one.approval_id === chosen) ?? null;
  const choose = (id: string | null, decide: string | null = null) =>
    setParams({ approval: id, decide }, { replace: true });
  const move = (step: 1 | -1) => choose(stepped(ids, chosen, step) ?? null);
  const open = (decide: string) => {
    const id = current?.approval_id ?? ids[0];
    if (id !== undefined) choose(id, decide);
  };
  useKeys({ j: () => move(1), k: () => move(-1), y: () => open("approve"), x: () => open("refuse") });
  return (
    <Section title="Approvals" {...(pending > 0 ? { note: "j k choose · y approve · x refuse" } : {})}>
      <p>{queueSentence(pending)}</p>
      {error ? <Failure error={error} /> : null}
      {items.length === 0 && (
        <Nothing>
          A tool that cannot be taken back is withheld when its task may pass its ceiling; the agent then asks here. See
          task budgets in the documentation.
        </Nothing>
      )}
      <ul className="approvals">
        {waiting.map((one) => (
          <Question key={one.approval_id} one={one} now={now} chosen={one === current}>
            {one === current && (asked === "approve" || asked === "refuse") ? (
              <Answer key={asked} one={one} decision={asked} done={() => choose(null)} />
            ) : (
              <p className="close-foot">
                <button type="button" onClick={() => choose(one.approval_id, "approve")}>
                  Approve <kbd>y</kbd>
                </button>
                <button type="button" onClick={() => choose(one.approval_id, "refuse")}>
                  Refuse <kbd>x</kbd>
                </button>
              </p>
            )}
          </Question>
        ))}
        {answered.map((one) => (
          <Question key={one.approval_id} one={one} now={now} chosen={false} />
        ))}
      </ul>
    </Section>
  );
}

const MARKS = { pending: "waiting", approved: "ok", refused: "error", expired: "lost" } as const;

type QuestionProps = { one: Approval; now: number; chosen: boolean; children?: ReactNode };

function Question({ one, now, chosen, children }: QuestionProps) {
  const { params } = useHere();
  return (
    <li className="approval" aria-current={chosen || undefined} data-id={one.approval_id}>
      <p>
        <Mark name={MARKS[one.state]} /> <strong>{one.tool}</strong>
        {one.arguments !== null && <span className="approval-arguments">{one.arguments}</span>}
      </p>
      <p>
        asked by{" "}
        {one.run_id === null ? (
          askerWords(one)
        ) : (
          <Link to={linkTo(runPath(one.run_id), params)}>{askerWords(one)}</Link>
        )}
        : {one.why}
      </p>
      <p className="muted">
        <span title={moment(one.asked_at)}>{whenWords(one, now)}</span>
        {numbersWords(one) && `; ${numbersWords(one)}`}
        {one.reason && `; ${STATE_WORDS[one.state]} since: ${one.reason}`}
      </p>
      {children}
    </li>
  );
}

function Answer({ one, decision, done }: { one: Approval; decision: "approve" | "refuse"; done: () => void }) {
  const decide = useDecide();
  const [reason, setReason] = useState("");
  const [by, setBy] = useState(() => window.localStorage.getItem(BY) ?? "");
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => box.current?.focus(), []);
  const ready = by.trim() !== "" && (decision === "approve" || reason.trim() !== "") && !decide.isPending;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!ready) return;
    window.localStorage.setItem(BY, by.trim());
    const answer = { approvalId: one.approval_id, decision, by: by.trim(), reason: reason.trim() || null };
    decide.mutate(answer, { onSuccess: done });
  };
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    done();
  };
  const words = decision === "approve" ? "Approve" : "Refuse";
  return (
    <form className="close-panel" aria-label={`${words} ${one.tool}`} onSubmit={send} onKeyDown={press}>
      <label>
        {decision === "approve" ? "Why? (may be left empty)" : "Why not? The agent reads this."}
        <input ref={box} value={reason} onChange={(event) => setReason(event.target.value)} maxLength={1000} />
      </label>
      <label>
        by <input value={by} onChange={(event) => setBy(event.target.value)} autoComplete="off" maxLength={100} />
      </label>
      {decide.error ? <Failure error={decide.error} /> : null}
      <p className="close-foot">
        <button type="submit" disabled={!ready}>
          {words} <kbd>↵</kbd>
        </button>
        <button type="button" onClick={done}>
          Not now <kbd>Esc</kbd>
        </button>
      </p>
    </form>
  );
}
