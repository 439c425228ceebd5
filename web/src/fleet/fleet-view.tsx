/** Fleet: the answer in words, the population, its pace, its cohorts. */

import { useMemo, useState } from "react";
import { useFleet, useHealth } from "../api/queries";
import type { Fleet } from "../api/types";
import { chosenOf } from "../contrast/ask";
import { ChosenPanel } from "../contrast/panel";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { setParams, useHere } from "../url/navigation";
import { rangeOf } from "../url/range";
import { rateWords } from "../words/numbers";
import { Answer } from "./answer";
import { RunsChart } from "./chart";
import { CohortTable } from "./cohort-table";
import { Empty } from "./empty";
import { series } from "./pace";
import { Strip } from "./strip";

export function FleetView() {
  const { params } = useHere();
  const answer = useFleet(rangeOf(params));
  const health = useHealth();
  // An installation that was empty when the page opened keeps its lesson until the reader follows the first run.
  const [taught, setTaught] = useState(false);
  if (!answer.data)
    return answer.error ? <Failure error={answer.error} retry={() => answer.refetch()} /> : <FleetSkeleton />;
  const empty = answer.data.runs === 0 && health.data?.storage.runs === 0;
  if (empty && !taught) setTaught(true);
  if (empty || taught) return <Empty leave={() => setTaught(false)} />;
  return <Filled fleet={answer.data} stale={answer.error} awaited={answer.isPlaceholderData} />;
}

function FleetSkeleton() {
  return (
    <div className="view">
      <h1 className="off-screen">Fleet</h1>
      <Awaiting what="the fleet's numbers" lines={14} />
    </div>
  );
}

/** The window without a choice, as the API has it. */
const DEFAULT_SINCE = "-60m";

function Filled({ fleet, stale, awaited }: { fleet: Fleet; stale: unknown; awaited: boolean }) {
  const { params } = useHere();
  const range = rangeOf(params);
  const chosen = chosenOf(params);
  return (
    <div className={awaited ? "view fleet awaited" : "view fleet"} aria-busy={awaited}>
      <h1 className="off-screen">Fleet</h1>
      {stale ? <Failure error={stale} /> : null}
      <Answer fleet={fleet} />
      <Paced fleet={fleet} />
      {chosen && (
        <ChosenPanel
          chosen={chosen}
          bounds={{ since: range.since ?? (range.until ? null : DEFAULT_SINCE), until: range.until }}
        />
      )}
      <CohortTable />
    </div>
  );
}

function Paced({ fleet }: { fleet: Fleet }) {
  const { params } = useHere();
  const made = useMemo(() => series(fleet.minutes, Date.parse(fleet.since), Date.parse(fleet.until)), [fleet]);
  return (
    <>
      <Strip fleet={fleet} made={made} params={params} />
      {fleet.runs === 0 ? (
        <Nothing>
          No run started in this range.{" "}
          <button type="button" onClick={() => setParams({ since: "-7d", until: null })}>
            Show the last 7 days
          </button>
        </Nothing>
      ) : (
        <section aria-labelledby="pace-title">
          <div className="section-head">
            <h2 id="pace-title">Runs per minute</h2>
            <span className="legend">
              <i className="swatch swatch-runs" /> started
            </span>
            <span className="legend">
              <i className="swatch swatch-failed" /> of these failing
            </span>
            <span className="muted">{rateWords(fleet.failing)}. Drag, or arrows with shift, to compare a range.</span>
          </div>
          <RunsChart data={made} picked={chosenOf(params)?.picked ?? null} />
        </section>
      )}
    </>
  );
}
