/** One run at a glance, beside the list. */

import type { ReactNode } from "react";
import { useRun } from "../api/queries";
import type { Run } from "../api/types";
import { Awaiting, Failure } from "../parts/feedback";
import { StateMark } from "../parts/icons";
import { useNow } from "../parts/now";
import { Link, setParams } from "../url/navigation";
import { capital, count } from "../words/numbers";
import { bodyWords, runCaveats, runSentence, runTitle } from "../words/run";
import { ago, moment } from "../words/time";
import { IdentityFacts, TokenFacts } from "./facts";

export function Peek({ runId, known, to }: { runId: string; known: Run | undefined; to: string }) {
  const answer = useRun(runId);
  const run = answer.data ?? known;
  return (
    <aside className="panel peek" aria-label="Selected run">
      <div className="panel-head">
        <Link to={to} className="button">
          Open the run <kbd>↵</kbd>
        </Link>
        <button type="button" onClick={() => setParams({ peek: null }, { replace: true })} aria-label="Close">
          ✕
        </button>
      </div>
      {run ? <PeekBody run={run} /> : answer.error ? <Failure error={answer.error} /> : <Awaiting what="this run" />}
    </aside>
  );
}

function PeekBody({ run }: { run: Run }) {
  const now = useNow();
  return (
    <>
      <h2>
        {runTitle(run)} <StateMark run={run} />
      </h2>
      <p>{capital(runSentence(run, now))}.</p>
      {runCaveats(run).length > 0 && <p className="caveat">{runCaveats(run).join("; ")}</p>}
      <TokenFacts run={run} />
      <p className="muted">texts: {bodyWords(run)}</p>
      <Counts title="Tools" counts={run.tools} />
      <Counts title="Models" counts={run.models} />
      <IdentityFacts run={run} />
      <p className="muted">
        started <span title={moment(run.started_at)}>{ago(run.started_at, now)}</span>, last seen{" "}
        {ago(run.last_seen, now)}
      </p>
    </>
  );
}

export function Counts({ title, counts }: { title: string; counts: Record<string, number> }): ReactNode {
  const entries = Object.entries(counts).sort((a, b) => b[1] - a[1]);
  if (entries.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <dl className="facts">
        {entries.map(([name, n]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="num">{count(n)}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
