/** Each signal that joined an alert: what moved, how sure, and over time. */

import { useStream } from "../api/watch-queries";
import type { Found } from "../api/watched";
import { chosenOf } from "../contrast/ask";
import { EvidenceCell, MovedCell } from "../parts/evidence";
import { EvidenceChart, pickIntoUrl, ValueChart } from "../signals/stream-charts";
import { Link, useHere } from "../url/navigation";
import { linkTo, signalPath } from "../url/place";
import { capital } from "../words/numbers";
import { isAmount, LANE_WORDS, sureWords } from "../words/watched";

/** So many with charts; the rest in a line each. */
const CHARTED = 4;
const CHART_PX = 136;

export function Findings({ findings }: { findings: readonly Found[] }) {
  return (
    <div className="findings">
      {findings.map((found, i) => (
        <Finding key={`${found.stream_id} ${found.signal}`} found={found} charted={i < CHARTED} />
      ))}
    </div>
  );
}

function Finding({ found, charted }: { found: Found; charted: boolean }) {
  const { params } = useHere();
  const fact = found.lane === "live" || found.lane === "burn";
  return (
    <section className="finding" aria-label={found.title}>
      <div className="section-head">
        <h2>
          {fact ? (
            capital(found.title)
          ) : (
            <Link to={linkTo(signalPath(found.stream_id), params)}>{capital(found.title)}</Link>
          )}
        </h2>
        <MovedCell of={{ ...found, kind: isAmount(found) ? "amount" : "rate" }} />
        {fact ? <span className="muted">{sureWords(found)}</span> : <EvidenceCell of={found} />}
        <span className="muted">{LANE_WORDS[found.lane]}</span>
      </div>
      {charted && !fact && <Charts found={found} />}
    </section>
  );
}

/** The place is kept while the history is read, so that nothing below moves. */
function Charts({ found }: { found: Found }) {
  const { params } = useHere();
  const answer = useStream(found.stream_id);
  const pick = { picked: chosenOf(params)?.picked ?? null, pick: pickIntoUrl };
  if (!answer.data)
    return (
      <p className="chart-short muted" style={{ height: CHART_PX + 24 }}>
        {answer.error ? "Its history over time is not kept any more." : "\u00a0"}
      </p>
    );
  return (
    <div className="chart-pair">
      <ValueChart of={answer.data} height={CHART_PX} pick={pick} />
      <EvidenceChart of={answer.data} height={CHART_PX} pick={pick} />
    </div>
  );
}
