/** What stands in place of an answer: waiting, failure, nothing. */

import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { ProblemError, saveKey } from "../api/client";
import type { Problem } from "../api/types";
import { Copy } from "./copy";

/** After this long a reader wonders; before it, words would only flicker. */
const SAY_AFTER_MS = 1000;

/** Lines of the size of what comes; after a second, in words, what is awaited. */
export function Awaiting({ what, lines = 6 }: { what: string; lines?: number }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setLate(true), SAY_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, []);
  return (
    <div className="awaiting" aria-busy="true">
      <p className="awaiting-words" role="status">
        {late ? `Waiting for ${what}…` : "\u00a0"}
      </p>
      {Array.from({ length: lines }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike
        <div className="skeleton" key={i} />
      ))}
    </div>
  );
}

function problemFrom(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return {
    title: "The page made a mistake",
    status: 0,
    detail,
    code: "page_fault",
    mend: "Reload the page. If it comes again, report the code and this text.",
  };
}

/** What, why, what to do, and a code that can be copied. Asks for a key where one is missing. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = problemFrom(error);
  return (
    <section className="failure" role="alert">
      <h2>{problem.title}</h2>
      {problem.detail && <p>{problem.detail}</p>}
      {problem.mend && <p>{problem.mend}</p>}
      {problem.status === 401 && <KeyForm />}
      <p className="failure-foot">
        <Copy text={problem.code} label={`code ${problem.code}`} />
        {retry && (
          <button type="button" onClick={retry}>
            Try again
          </button>
        )}
      </p>
    </section>
  );
}

/** The key stays in this tab; a reload asks everything anew with it. */
function KeyForm() {
  const [key, setKey] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saveKey(key.trim());
    window.location.reload();
  };
  return (
    <form className="key-form" onSubmit={submit}>
      <label>
        Access key (begins with qd_; made by <code>quarterdeck keys create</code>)
        <input type="password" value={key} onChange={(event) => setKey(event.target.value)} autoComplete="off" />
      </label>
      <button type="submit" disabled={!key.trim()}>
        Use this key in this tab
      </button>
    </form>
  );
}

export function Nothing({ children }: { children: ReactNode }) {
  return <p className="nothing">{children}</p>;
}
