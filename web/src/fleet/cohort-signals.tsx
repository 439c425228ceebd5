/** A cohort unfolded: its signals over time, the closest to its threshold first, and what is different about it. */

import type { Cohort } from "../api/types";
import { useStream } from "../api/watch-queries";
import type { Stream } from "../api/watched";
import { groupOf } from "../contrast/ask";
import { EvidenceCell, MovedCell } from "../parts/evidence";
import { pickIntoUrl, ValueChart } from "../signals/stream-charts";
import { Link, setParams, useHere } from "../url/navigation";
import { linkTo, signalPath } from "../url/place";
import { capital } from "../words/numbers";
import { LANE_WORDS, streamWhere, whereWords } from "../words/watched";
import { streamsOf } from "./streams";

const CHARTED = 4;
const CHART_PX = 112;

type Props = { cohort: Cohort; streams: readonly Stream[]; failing: readonly Stream[] };

export function CohortSignals({ cohort, streams, failing }: Props) {
  const { params } = useHere();
  const all = [...new Map([...failing, ...streams].map((one) => [one.stream_id, one])).values()];
  const own = streamsOf(cohort.keys, all);
  const first = own.find((one) => one.signal === "failing");
  const shown = (first ? [first, ...own.filter((one) => one !== first)] : own).slice(0, CHARTED);
  const group = groupOf(cohort.keys);
  return (
    <div className="cohort-signals">
      <p className="group-by">
        <button type="button" onClick={() => setParams({ group, sel: null })}>
          What is different about these runs
        </button>
        <Link to={linkTo("/fleet/signals", params)}>all signals</Link>
      </p>
      {shown.length === 0 && (
        <p className="muted">No signal of this cohort is watched on its own: too few of its runs have ended.</p>
      )}
      <div className="chart-grid">
        {shown.map((one) => (
          <SmallSignal key={one.stream_id} of={one} />
        ))}
      </div>
    </div>
  );
}

function SmallSignal({ of }: { of: Stream }) {
  const { params } = useHere();
  const answer = useStream(of.stream_id);
  return (
    <figure className="small-signal">
      <figcaption>
        <Link to={linkTo(signalPath(of.stream_id), params)}>{capital(of.title)}</Link>
        <span className="muted">
          {LANE_WORDS[of.lane]}: <bdi>{whereWords(streamWhere(of))}</bdi>
        </span>
        <MovedCell of={of} />
        <EvidenceCell of={of} />
      </figcaption>
      {answer.data ? (
        <ValueChart of={answer.data} height={CHART_PX} pick={{ picked: null, pick: pickIntoUrl }} />
      ) : (
        <p className="chart-short muted" style={{ height: CHART_PX + 24 }}>
          {answer.error ? "Its history is not kept." : "\u00a0"}
        </p>
      )}
    </figure>
  );
}
