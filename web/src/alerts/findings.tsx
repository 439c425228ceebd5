/** Each signal that joined an alert: what moved, how sure, and over time. */

import { useStream } from "../api/watch-queries";
import type { Found } from "../api/watched";
import { chosenOf } from "../contrast/ask";
import { EvidenceCell, MovedCell } from "../parts/evidence";
import { EvidenceChart, pickIntoUrl, ValueChart } from "../signals/stream-charts";
import { Link, useHere } from "../url/navigation";
import { linkTo, signalPath } from "../url/place";
import { capital, plural } from "../words/numbers";
import { isFact, LANE_WORDS, streamWhere, sureWords, whereWords } from "../words/watched";

/** So many with charts; the rest in a line each, folded. */
const CHARTED = 3;
const CHART_PX = 136;

export function Findings({ findings }: { findings: readonly Found[] }) {
  const rest = findings.slice(CHARTED);
  return (
    <div className="findings">
      {findings.slice(0, CHARTED).map((found) => (
        <section className="finding" aria-label={found.title} key={`${found.stream_id} ${found.signal}`}>
          <Head found={found} level="h2" />
          {!isFact(found) && <Charts found={found} />}
        </section>
      ))}
      {rest.length > 0 && (
        <details className="more-findings">
          <summary>{plural(rest.length, "more signal")} joined</summary>
          {rest.map((found) => (
            <Head found={found} level="h3" key={`${found.stream_id} ${found.signal}`} />
          ))}
        </details>
      )}
    </div>
  );
}

function Head({ found, level: Level }: { found: Found; level: "h2" | "h3" }) {
  const { params } = useHere();
  const title = capital(found.title);
  return (
    <div className="section-head">
      <Level>{isFact(found) ? title : <Link to={linkTo(signalPath(found.stream_id), params)}>{title}</Link>}</Level>
      <MovedCell of={found} />
      {isFact(found) ? <span className="muted">{sureWords(found)}</span> : <EvidenceCell of={found} />}
      <span className="muted">
        {LANE_WORDS[found.lane]}
        {found.lane !== "pooled" && (
          <>
            : <bdi>{whereWords(streamWhere(found))}</bdi>
          </>
        )}
      </span>
    </div>
  );
}

/** The place is kept while the history is read, so that nothing below moves. */
function Charts({ found }: { found: Found }) {
  const { params } = useHere();
  const answer = useStream(found.stream_id);
  const pick = { picked: chosenOf(params)?.picked ?? null, pick: pickIntoUrl };
  if (!answer.data)
    return (
      <p className="chart-short muted" style={{ height: CHART_PX + 20 }}>
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
