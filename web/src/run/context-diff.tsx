/** What changed in the context between two model calls, and whether the provider's cache could be used. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getJson } from "../api/client";
import { useProject } from "../api/queries";
import type { ContextChange, ContextDiff, ContextSum } from "../api/types";
import { Awaiting, Failure } from "../parts/feedback";
import { setParams, useHere } from "../url/navigation";
import { count, plural, short } from "../words/numbers";
import { CONSUMER_WORDS } from "./context";
import { LongText } from "./messages";

/** Changes that are drawn before somebody asks for more. */
const STEP = 60;

export function useContextDiff(runId: string, a: string | null, b: string, enabled: boolean) {
  const project = useProject();
  return useQuery({
    queryKey: ["context-diff", runId, project, a, b],
    queryFn: ({ signal }) =>
      getJson<ContextDiff>(`runs/${encodeURIComponent(runId)}/context/diff`, { project, a, b }, signal),
    enabled,
    staleTime: 30000,
    retry: false,
  });
}

/** The selected call `b` against the call named in the URL (`with`), else the one before it in its agent. */
export function ContextChanges({ runId, spanId }: { runId: string; spanId: string }) {
  const { params } = useHere();
  const other = params.get("with");
  const open = params.get("diff") === "open";
  const answer = useContextDiff(runId, other === spanId ? null : other, spanId, open);
  return (
    <details
      className="context-diff"
      open={open}
      onToggle={(event) => {
        if (event.currentTarget.open !== open)
          setParams({ diff: event.currentTarget.open ? "open" : null }, { replace: true });
      }}
    >
      <summary>What changed in the context since {other ? "the chosen call" : "the call before"}</summary>
      <p className="muted">
        <button type="button" className="plain" onClick={() => setParams({ with: spanId }, { replace: true })}>
          compare others with this call
        </button>
        {other && (
          <>
            {" · "}
            <button type="button" className="plain" onClick={() => setParams({ with: null }, { replace: true })}>
              compare with the call before
            </button>
          </>
        )}
      </p>
      {!open ? null : answer.data ? (
        <Difference diff={answer.data} />
      ) : answer.error ? (
        <Failure error={answer.error} />
      ) : (
        <Awaiting what="both contexts" lines={4} />
      )}
    </details>
  );
}

function Difference({ diff }: { diff: ContextDiff }) {
  const [shown, setShown] = useState(STEP);
  const groups = folded(diff.changes);
  return (
    <>
      <p className="in-words">{diff.in_words}</p>
      <table className="sums">
        <tbody>
          {(["kept", "added", "removed", "edited"] as const).map((name) => (
            <Sum key={name} name={name} sum={diff[name]} />
          ))}
          <Sum name="same at the beginning" sum={diff.prefix} />
        </tbody>
      </table>
      <ol className="changes">
        {groups.slice(0, shown).map((group, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a change is its position
          <Group key={i} group={group} />
        ))}
      </ol>
      {groups.length > shown && (
        <button type="button" onClick={() => setShown(shown + STEP)}>
          Show {Math.min(STEP, groups.length - shown)} more of {plural(groups.length, "change")}
        </button>
      )}
      {diff.changes_left_out > 0 && (
        <p className="caveat">
          {plural(diff.changes_left_out, "further message")} not listed here; the sums count them.
        </p>
      )}
    </>
  );
}

function Sum({ name, sum }: { name: string; sum: ContextSum }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className="num">{plural(sum.messages, "message")}</td>
      <td className="num">{short(sum.chars)} chars</td>
      <td className="num">{sum.tokens_estimated === null ? "" : `≈ ${count(sum.tokens_estimated)} tokens`}</td>
    </tr>
  );
}

/** Neighbours that were kept are one line: what changed is what somebody looks for. */
export function folded(changes: readonly ContextChange[]): ContextChange[][] {
  const groups: ContextChange[][] = [];
  for (const change of changes) {
    const last = groups[groups.length - 1];
    if (change.change === "kept" && last?.[0]?.change === "kept") last.push(change);
    else groups.push([change]);
  }
  return groups;
}

const SIGNS: Record<ContextChange["change"], string> = { kept: "=", added: "+", removed: "−", edited: "~" };

function Group({ group }: { group: readonly ContextChange[] }) {
  const first = group[0] as ContextChange;
  if (first.change === "kept") {
    const chars = group.reduce((sum, change) => sum + (change.chars_b ?? 0), 0);
    return (
      <li className="change change-kept">
        = {plural(group.length, "message")} kept, {short(chars)} characters
      </li>
    );
  }
  return (
    <li className={`change change-${first.change}`}>
      <p>
        <strong>
          {SIGNS[first.change]} {first.change}
        </strong>{" "}
        {CONSUMER_WORDS[first.consumer]}, {first.chars_a !== null && `${count(first.chars_a)} → `}
        {count(first.chars_b ?? 0)} characters
      </p>
      {first.preview_a !== null && <LongText text={first.preview_a} className="text was" />}
      {first.preview_b !== null && <LongText text={first.preview_b} />}
    </li>
  );
}
