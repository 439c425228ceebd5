/** Facts of a run as lists of names and values; what is unknown is left out or dashed, never zero. */

import type { Run } from "../api/types";
import { Link, useHere } from "../url/navigation";
import { linkTo } from "../url/place";
import { COST_MARK, count, dollars } from "../words/numbers";

export function Facts({ facts }: { facts: readonly (readonly [string, string | null])[] }) {
  return (
    <dl className="facts">
      {facts
        .filter(([, value]) => value !== null)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

export function TokenFacts({ run }: { run: Run }) {
  const { tokens, cost_usd } = run;
  const some = (value: number | null) => (value === null ? null : count(value));
  return (
    <>
      <h3>Tokens and cost</h3>
      <Facts
        facts={[
          ["input", count(tokens.input)],
          ["of it read from cache", some(tokens.cache_read)],
          ["of it written to cache", some(tokens.cache_write)],
          ["output", count(tokens.output)],
          ["of it reasoning", some(tokens.reasoning)],
          ["coverage", tokens.coverage],
          ["residual", some(run.residual_tokens)],
          ["cost, priced", cost_usd.computed === null ? null : dollars(cost_usd.computed)],
          ["cost, reported", cost_usd.reported === null ? null : dollars(cost_usd.reported)],
          ["cost", COST_MARK[cost_usd.source][1]],
        ]}
      />
    </>
  );
}

const IDENTITY = [
  "agent_version",
  "prompt_version",
  "model",
  "provider",
  "environment",
  "feature",
  "tenant",
  "task_class",
  "session_id",
] as const;

/** Each value leads to the runs that share it. */
export function IdentityFacts({ run }: { run: Run }) {
  const { params } = useHere();
  return (
    <>
      <h3>Identity</h3>
      <dl className="facts">
        {IDENTITY.filter((name) => run[name] !== null).map((name) => (
          <div key={name}>
            <dt>{name.replaceAll("_", " ")}</dt>
            <dd>
              <Link to={linkTo("/runs", params, { [name]: run[name] })}>{run[name]}</Link>
            </dd>
          </div>
        ))}
        <div>
          <dt>run id</dt>
          <dd className="mono">{run.run_id}</dd>
        </div>
      </dl>
    </>
  );
}
