/** Cohorts: one row per shared identity, each number a link to its runs. */

import { useCohorts } from "../api/queries";
import type { Cohort } from "../api/types";
import { RateCell, rateTop } from "../parts/charts";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { useNow } from "../parts/now";
import { Link, setParams, useHere } from "../url/navigation";
import { rangeOf } from "../url/range";
import { count, dollars, ENOUGH_RUNS, short } from "../words/numbers";
import { ago } from "../words/time";
import { COHORT_KEYS, cohortLink, DEFAULT_BY, groupBy } from "./links";

export function CohortTable() {
  const { params } = useHere();
  const by = groupBy(params);
  const answer = useCohorts(rangeOf(params), by);
  return (
    <section aria-labelledby="cohorts-title">
      <div className="section-head">
        <h2 id="cohorts-title">Cohorts</h2>
        <GroupBy by={by} />
      </div>
      {answer.data ? (
        <Rows cohorts={answer.data.items} by={by} params={params} />
      ) : answer.error ? (
        <Failure error={answer.error} retry={() => answer.refetch()} />
      ) : (
        <Awaiting what="the cohorts" />
      )}
    </section>
  );
}

function GroupBy({ by }: { by: readonly string[] }) {
  const toggle = (name: string) => {
    const next = by.includes(name) ? by.filter((one) => one !== name) : [...by, name];
    const same = next.join() === DEFAULT_BY.join();
    setParams({ by: next.length === 0 || same ? null : next.join(",") });
  };
  return (
    <div className="group-by" role="group" aria-label="Group by">
      <span className="muted">by</span>
      {COHORT_KEYS.map((name) => (
        <button type="button" key={name} className="chip" aria-pressed={by.includes(name)} onClick={() => toggle(name)}>
          {name.replaceAll("_", " ")}
        </button>
      ))}
    </div>
  );
}

function Rows({ cohorts, by, params }: { cohorts: readonly Cohort[]; by: readonly string[]; params: URLSearchParams }) {
  const now = useNow(5000);
  if (cohorts.length === 0) return <Nothing>No run started in this range.</Nothing>;
  const top = rateTop(cohorts.map((cohort) => cohort.failing));
  const judged = cohorts.some((cohort) => cohort.failing && cohort.failing.n >= ENOUGH_RUNS);
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Cohorts, scrolls sideways">
      <table className="dense cohorts">
        <thead>
          <tr>
            {by.map((name) => (
              <th key={name} scope="col">
                {name.replaceAll("_", " ")}
              </th>
            ))}
            <th scope="col" className="num">
              runs
            </th>
            <th scope="col" className="num">
              live
            </th>
            <th scope="col">failing {judged && `(95 % interval, scale to ${Math.round(top * 100)} %)`}</th>
            <th scope="col" className="num">
              tokens p50
            </th>
            <th scope="col" className="num">
              p95
            </th>
            <th scope="col" className="num">
              $ / success
            </th>
            <th scope="col" className="num">
              last started
            </th>
          </tr>
        </thead>
        <tbody>
          {cohorts.map((cohort) => (
            <Row key={JSON.stringify(cohort.keys)} cohort={cohort} by={by} params={params} top={top} now={now} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

type RowProps = { cohort: Cohort; by: readonly string[]; params: URLSearchParams; top: number; now: number };

function Row({ cohort, by, params, top, now }: RowProps) {
  const to = (extra: Record<string, string>) => cohortLink(cohort, params, extra);
  const known = `${cohort.tokens.runs_known} of ${cohort.runs} runs reported tokens`;
  return (
    <tr>
      {by.map((name, i) => (
        <td key={name} className={i === 0 ? "strong" : ""}>
          {cohort.keys[name] ?? <span className="muted">not known</span>}
        </td>
      ))}
      <td className="num">
        <Link to={to({})}>{count(cohort.runs)}</Link>
      </td>
      <td className="num">
        {cohort.live > 0 ? <Link to={to({ lifecycle: "running" })}>{count(cohort.live)}</Link> : "0"}
      </td>
      <td>
        <Link to={to({ has: "failed" })} className="quiet">
          <RateCell rate={cohort.failing} top={top} />
        </Link>
      </td>
      <td className="num" title={known}>
        <Link to={to({ sort: "tokens_total" })}>{short(cohort.tokens.p50)}</Link>
      </td>
      <td className="num" title={known}>
        <Link to={to({ sort: "tokens_total" })}>{short(cohort.tokens.p95)}</Link>
      </td>
      <td className="num">
        <Link to={to({ has: "succeeded", sort: "cost_usd" })}>{dollars(cohort.cost_per_success_usd)}</Link>
      </td>
      <td className="num">
        <Link to={to({ sort: "started_at" })}>{ago(cohort.last_started_at, now)}</Link>
      </td>
    </tr>
  );
}
