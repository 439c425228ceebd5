/** Cohorts: one row per shared identity, each number a link to what is behind it. Keys: j k e. */

import { useCohorts, useCohortsBefore } from "../api/queries";
import type { Cohort } from "../api/types";
import { useStreams } from "../api/watch-queries";
import type { Stream } from "../api/watched";
import { rateTop } from "../parts/charts";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { useKeys } from "../parts/keys";
import { stepped } from "../parts/list-keys";
import { useNow } from "../parts/now";
import { setParams, useHere } from "../url/navigation";
import { rangeOf, windowBefore } from "../url/range";
import { ENOUGH_RUNS } from "../words/numbers";
import { CohortRow } from "./cohort-row";
import { COHORT_KEYS, DEFAULT_BY, groupBy } from "./links";
import { rowId } from "./streams";

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
        <Rows cohorts={answer.data.items} by={by} />
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
    setParams({ by: next.length === 0 || same ? null : next.join(","), row: null, open: null });
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

const MINUTE_MS = 60000;
const DEFAULT_SINCE = "-60m";

/** What each cohort was in the window before this one, by row; moves once a minute, so that it is not asked anew all the time. */
function useBefore(by: readonly string[]): Map<string, Cohort> {
  const { params } = useHere();
  const minute = Math.floor(useNow(5000) / MINUTE_MS) * MINUTE_MS;
  const answer = useCohortsBefore(windowBefore(rangeOf(params), minute, DEFAULT_SINCE), by);
  return new Map((answer.data?.items ?? []).map((one) => [rowId(one), one]));
}

const NO_STREAMS: readonly Stream[] = [];

function Rows({ cohorts, by }: { cohorts: readonly Cohort[]; by: readonly string[] }) {
  const { params } = useHere();
  const before = useBefore(by);
  const streams = useStreams().data?.items ?? NO_STREAMS;
  const failing = useStreams({ signal: "failing" }).data?.items ?? NO_STREAMS;
  useRowKeys(cohorts.map(rowId), params);
  if (cohorts.length === 0) return <Nothing>No run started in this range.</Nothing>;
  const top = rateTop(cohorts.map((cohort) => cohort.failing));
  const judged = cohorts.some((cohort) => cohort.failing && cohort.failing.n >= ENOUGH_RUNS);
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Cohorts, scrolls sideways">
      <table className="dense cohorts">
        <Head by={by} scale={judged ? `95 %, scale to ${Math.round(top * 100)} %` : null} />
        <tbody>
          {cohorts.map((cohort) => (
            <CohortRow
              key={rowId(cohort)}
              {...{ cohort, by, top, streams, failing }}
              before={before.get(rowId(cohort))}
              selected={params.get("row") === rowId(cohort)}
              open={params.get("open") === rowId(cohort)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Enter belongs to the alert; `e` unfolds. */
function useRowKeys(ids: readonly string[], params: URLSearchParams): void {
  const move = (step: 1 | -1) => {
    const next = stepped(ids, params.get("row"), step);
    if (next !== undefined) setParams({ row: next }, { replace: true });
  };
  useKeys({
    ...{ j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1) },
    e: () => {
      const row = params.get("row") ?? ids[0];
      if (row !== undefined) setParams({ row, open: params.get("open") === row ? null : row }, { replace: true });
    },
  });
}

function Head({ by, scale }: { by: readonly string[]; scale: string | null }) {
  return (
    <thead>
      <tr>
        <th scope="col">
          <span className="off-screen">unfold</span>
        </th>
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
        <th scope="col" title={scale ?? undefined}>
          failing{scale && <span className="th-note"> {scale}</span>}
        </th>
        <th scope="col" className="th-evidence">
          evidence
        </th>
        <th
          scope="col"
          className="num"
          title="median of the runs; before: the window of the same length before this one"
        >
          tokens/run
        </th>
        <th scope="col" className="num" title="before: the window of the same length before this one">
          $/success
        </th>
        <th scope="col" className="th-moved">
          moved
        </th>
      </tr>
    </thead>
  );
}
