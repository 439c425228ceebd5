/** Each signal that joined an alert: what moved, how sure, and over time. */

import { useStream } from "../api/watch-queries";
import type { Found, StreamDetail } from "../api/watched";
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
        <Charted found={found} key={`${found.stream_id} ${found.signal}`} />
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

function Charted({ found }: { found: Found }) {
  const answer = useStream(found.stream_id, !isFact(found));
  return (
    <section className="finding" aria-label={found.title}>
      <Head found={fresh(found, answer.data)} level="h2" />
      {!isFact(found) && <Charts stream={answer.data} failed={answer.error !== null} />}
    </section>
  );
}

/** A finding keeps the numbers of its moment. The test of a new version goes on after it: its newest numbers say more. */
function fresh(found: Found, stream: StreamDetail | undefined): Found {
  if (found.lane !== "deploy" || stream?.state !== "reached") return found;
  const { now, before, evidence, threshold } = stream;
  return { ...found, now, before, evidence, threshold };
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
function Charts({ stream, failed }: { stream: StreamDetail | undefined; failed: boolean }) {
  const { params } = useHere();
  const pick = { picked: chosenOf(params)?.picked ?? null, pick: pickIntoUrl };
  if (!stream)
    return (
      <p className="chart-short muted" style={{ height: CHART_PX + 20 }}>
        {failed ? "Its history over time is not kept any more." : "\u00a0"}
      </p>
    );
  return (
    <div className="chart-pair">
      <ValueChart of={stream} height={CHART_PX} pick={pick} />
      <EvidenceChart of={stream} height={CHART_PX} pick={pick} />
    </div>
  );
}
