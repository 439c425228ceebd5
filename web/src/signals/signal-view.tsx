/** One signal: the sentence, how sure, evidence and value over time, what it cannot see, what is different, runs to open. */

import { ProblemError } from "../api/client";
import { useStream } from "../api/watch-queries";
import type { StreamDetail } from "../api/watched";
import { chosenOf, groupOf, oldOf } from "../contrast/ask";
import { Exemplars } from "../contrast/exemplars";
import { ChosenPanel, ContrastOf, HowChoice } from "../contrast/panel";
import { EvidenceBar } from "../parts/evidence";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { Mark } from "../parts/icons";
import { useNow } from "../parts/now";
import { Link, useHere } from "../url/navigation";
import { alertPath, linkTo } from "../url/place";
import { capital, tight } from "../words/numbers";
import { ago, moment } from "../words/time";
import {
  LANE_WORDS,
  measuredWords,
  sightWords,
  stateSentence,
  streamSentence,
  streamWhere,
  whereWords,
} from "../words/watched";
import { ALERT_MARKS, STATE_MARKS } from "./state-mark";
import { EvidenceChart, pickIntoUrl, ValueChart } from "./stream-charts";

export function SignalView({ streamId }: { streamId: string }) {
  const { params } = useHere();
  const answer = useStream(streamId);
  if (answer.data) return <Shown of={answer.data} stale={answer.error} />;
  if (answer.error instanceof ProblemError && answer.error.problem.status === 404)
    return (
      <div className="view">
        <h1>This signal is not watched any more</h1>
        <Nothing>
          Its version no longer runs, or its test has ended. What it found stands in the alerts.{" "}
          <Link to={linkTo("/fleet/signals", params)}>All signals</Link>
        </Nothing>
      </div>
    );
  if (answer.error) return <Failure error={answer.error} retry={() => answer.refetch()} />;
  return (
    <div className="view">
      <h1 className="off-screen">Signal</h1>
      <Awaiting what="this signal" lines={16} />
    </div>
  );
}

function Shown({ of, stale }: { of: StreamDetail; stale: unknown }) {
  const { params } = useHere();
  const where = streamWhere(of);
  const chosen = chosenOf(params);
  const pick = { picked: chosen?.picked ?? null, pick: pickIntoUrl };
  const bounds = boundsOf(of);
  return (
    <div className="view signal">
      <Link to={linkTo("/fleet/signals", params)} className="crumb">
        All signals
      </Link>
      <h1>
        {capital(of.title)} of <bdi>{whereWords(where)}</bdi>
      </h1>
      {stale ? <Failure error={stale} /> : null}
      <p className="in-words">{tight(streamSentence(of))}</p>
      <p className="state-line">
        <span className="state">
          <Mark name={STATE_MARKS[of.state]} />
          {of.state}
        </span>
        <EvidenceBar of={of} width={160} />
        <span>{stateSentence(of)}</span>
      </p>
      {sightWords(of) && <p>{sightWords(of)}</p>}
      <section aria-labelledby="value-title">
        <div className="section-head">
          <h2 id="value-title">
            {capital(of.title)} ({of.unit})
          </h2>
          <Legend of={of} />
        </div>
        <ValueChart of={of} height={208} pick={pick} />
      </section>
      <section aria-labelledby="evidence-title">
        <div className="section-head">
          <h2 id="evidence-title">Evidence that it got worse</h2>
          <span className="muted">logarithmic; above the line an alert is raised</span>
        </div>
        <EvidenceChart of={of} height={168} pick={pick} />
      </section>
      <Facts of={of} />
      {chosen ? (
        <ChosenPanel chosen={{ ...chosen, group: groupOf(where) }} bounds={bounds} />
      ) : (
        <Standing of={of} bounds={bounds} />
      )}
      {of.exemplars && of.exemplars.length > 0 && (
        <section aria-labelledby="exemplars-title">
          <h2 id="exemplars-title">Runs to open</h2>
          <Exemplars list={of.exemplars} />
        </section>
      )}
    </div>
  );
}

/** From the first moment that is kept to now: what the contrast looks at. */
function boundsOf(of: StreamDetail): { since: string | null; until: string | null } {
  const first = of.history[0]?.at;
  return { since: first ? new Date(Date.parse(first) - 60000).toISOString() : "-60m", until: null };
}

function Legend({ of }: { of: StreamDetail }) {
  return (
    <>
      <span className="legend">
        <i className="swatch swatch-band" /> interval
      </span>
      <span className="legend">
        <i className="swatch swatch-alert" /> alert open
      </span>
      <span className="muted">
        dotted: a deploy{of.before.value === null ? "" : "; dashed: before"}. Drag or use the arrows to compare a range.
      </span>
    </>
  );
}

/** Without a choice of the reader: these runs against all others, or the failed among them. */
function Standing({ of, bounds }: { of: StreamDetail; bounds: { since: string | null; until: string | null } }) {
  const { params } = useHere();
  const group = groupOf(streamWhere(of));
  const how = params.get("how") === "failed" || group.length === 0 ? "failed" : "these";
  const old = oldOf(of);
  return (
    <section aria-labelledby="contrast-title">
      <div className="section-head">
        <h2 id="contrast-title">What is different</h2>
        {group.length > 0 && <HowChoice how={how} other={of.deploy && (of.deploy.old ?? "those without it")} />}
      </div>
      <ContrastOf
        chosen={{ picked: null, group, how, ...(old ? { against: old } : {}) }}
        bounds={bounds}
        exemplars={!of.exemplars?.length}
      />
    </section>
  );
}

function Facts({ of }: { of: StreamDetail }) {
  const { params } = useHere();
  const now = useNow(5000);
  return (
    <dl className="facts signal-facts">
      <div>
        <dt>now</dt>
        <dd>{measuredWords(of.now, of)}</dd>
      </div>
      <div>
        <dt>before</dt>
        <dd>{measuredWords(of.before, of)}</dd>
      </div>
      <div>
        <dt>method</dt>
        <dd>
          {LANE_WORDS[of.lane]}
          {of.now.method ? `, ${of.now.method.replaceAll("_", " ")}` : ""}
        </dd>
      </div>
      <div>
        <dt>runs</dt>
        <dd>
          <Link to={linkTo("/runs", params, runsOf(of))}>the runs behind it</Link>
        </dd>
      </div>
      {of.deploys.map((deploy) => (
        <div key={`${deploy.part} ${deploy.new} ${deploy.at}`}>
          <dt>deploy</dt>
          <dd title={moment(deploy.at)}>
            {deploy.part.replaceAll("_", " ")} {deploy.old ?? "none"} → {deploy.new}, {ago(deploy.at, now)}
          </dd>
        </div>
      ))}
      {of.alerts.map((alert) => (
        <div key={alert.alert_id}>
          <dt>alert</dt>
          <dd>
            <Link to={linkTo(alertPath(alert.alert_id), params)}>
              <span className="state">
                <Mark name={ALERT_MARKS[alert.state]} />
                {alert.state}
              </span>{" "}
              since {ago(alert.from, now).replace(/ ago$/, "")}
            </Link>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function runsOf(of: StreamDetail): Record<string, string> {
  return Object.fromEntries(Object.entries(streamWhere(of)).map(([name, value]) => [name, value ?? ""]));
}
