/** One incident: how bad and why, what is missing to close, and every part that closing asks for. */

import { useState } from "react";
import { type Incident, incidentAct, useIncident } from "../api/incidents";
import { useAct } from "../api/oncall";
import { Awaiting, Failure } from "../parts/feedback";
import { useNow } from "../parts/now";
import { ByField, Panel, saveBy, TextField, useBy } from "../parts/panel";
import { Link, useHere } from "../url/navigation";
import { alertPath, linkTo } from "../url/place";
import { tight } from "../words/numbers";
import { ago, moment } from "../words/time";
import { whereWords } from "../words/watched";
import { Actions } from "./actions";
import { Cause } from "./cause";
import { Clocks } from "./clocks";
import { Documents } from "./documents";
import { ExposurePart } from "./exposure";
import { Fields } from "./fields";
import { GradePart } from "./grade";
import { Severity } from "./severity";
import { TriageWalk } from "./triage";

export function IncidentView({ incidentId }: { incidentId: string }) {
  const { params } = useHere();
  const answer = useIncident(incidentId);
  if (answer.data) return <Shown incident={answer.data} stale={answer.error} />;
  if (answer.error) return <Failure error={answer.error} retry={() => answer.refetch()} />;
  return (
    <div className="view incident">
      <Link to={linkTo("/incidents", params)} className="crumb">
        All incidents
      </Link>
      <h1 className="off-screen">Incident</h1>
      <Awaiting what="this incident" lines={16} />
    </div>
  );
}

function Shown({ incident, stale }: { incident: Incident; stale: unknown }) {
  const { params } = useHere();
  const open = incident.state !== "closed";
  return (
    <div className="view incident">
      <Link to={linkTo("/incidents", params)} className="crumb">
        All incidents
      </Link>
      <h1 className="alert-title">{tight(incident.title)}</h1>
      {stale ? <Failure error={stale} /> : null}
      <Head incident={incident} />
      {incident.review_required && <Review incident={incident} />}
      <Missing incident={incident} />
      <ExposurePart incident={incident} />
      <GradePart incident={incident} />
      <Clocks incident={incident} />
      <TriageWalk incident={incident} />
      <Fields incident={incident} />
      <Cause incident={incident} />
      <Actions incident={incident} />
      {open && <Closing incident={incident} />}
      <Documents incident={incident} />
      <Timeline incident={incident} />
    </div>
  );
}

function Head({ incident }: { incident: Incident }) {
  const { params } = useHere();
  const now = useNow(5000);
  return (
    <p className="state-line">
      <Severity of={incident.severity} />
      <strong>{incident.state}</strong>
      <span title={moment(incident.opened_at)}>
        opened {ago(incident.opened_at, now)} by <bdi>{incident.by}</bdi>
      </span>
      <bdi>{whereWords(incident.where)}</bdi>
      {incident.alert_ids.map((id) => (
        <Link key={id} to={linkTo(alertPath(id), params)}>
          alert {id.slice(0, 8)}
        </Link>
      ))}
    </p>
  );
}

/** The second of its kind within 90 days: it does not close without a review. */
function Review({ incident }: { incident: Incident }) {
  const { params } = useHere();
  const review = incident.review_required;
  if (!review) return null;
  return (
    <section className="caveat" aria-label="Structural review">
      <p>
        <strong>A structural review is required.</strong> <bdi>{review.why}</bdi>{" "}
        {review.earlier.map((id) => (
          <Link key={id} to={linkTo(`/incidents/${encodeURIComponent(id)}`, params)}>
            earlier {id.slice(0, 8)}
          </Link>
        ))}
      </p>
      {review.found ? (
        <p>
          <bdi>{review.found}</bdi>
        </p>
      ) : (
        incident.state !== "closed" && (
          <OneText
            incident={incident}
            what="review"
            name="text"
            label="What the review found"
            words="Record the review"
          />
        )
      )}
    </section>
  );
}

function Missing({ incident }: { incident: Incident }) {
  if (incident.state === "closed") return null;
  if (incident.to_close.length === 0) return <p className="caveat-ok">Nothing is missing: it can be closed.</p>;
  return (
    <details className="missing" open={incident.to_close.length <= 4}>
      <summary>
        {incident.to_close.length} {incident.to_close.length === 1 ? "thing is" : "things are"} missing to close it
      </summary>
      <ul>
        {incident.to_close.map((one) => (
          <li key={one}>
            <bdi>{one}</bdi>
          </li>
        ))}
      </ul>
    </details>
  );
}

type OneTextProps = { incident: Incident; what: string; name: string; label: string; words: string };

function OneText({ incident, what, name, label, words }: OneTextProps) {
  const act = useAct();
  const [by, setBy] = useBy();
  const [text, setText] = useState("");
  const send = () =>
    act.mutate(incidentAct(incident.incident_id, what, { [name]: text.trim(), by: saveBy(by) }), {
      onSuccess: () => setText(""),
    });
  return (
    <Panel
      {...{ label, sendWords: words, send, error: act.error, pending: act.isPending }}
      ready={text.trim() !== "" && by.trim() !== ""}
    >
      <TextField label={label} value={text} set={setText} rows={2} />
      <ByField by={by} setBy={setBy} />
    </Panel>
  );
}

/** Contained: it harms nobody any more. Closed: everything is known that can be. */
function Closing({ incident }: { incident: Incident }) {
  const act = useAct();
  const [by, setBy] = useBy();
  const [absent, setAbsent] = useState(false);
  const body = { by: by.trim(), ...(absent ? { not_reproduced: true } : {}) };
  const send = () => {
    saveBy(by);
    act.mutate(incidentAct(incident.incident_id, "close", body));
  };
  return (
    <section aria-labelledby="closing-title">
      <h2 id="closing-title">Contain and close</h2>
      <div className="pair-of-forms">
        {incident.state === "open" && (
          <OneText incident={incident} what="contain" name="how" label="How it was contained" words="It is contained" />
        )}
        <OneText incident={incident} what="note" name="text" label="Note for the timeline" words="Add the note" />
        <Panel
          {...{ label: "Close the incident", sendWords: "Close the incident", send, error: act.error }}
          pending={act.isPending}
          ready={by.trim() !== ""}
        >
          <label className="check">
            <input type="checkbox" checked={absent} onChange={(event) => setAbsent(event.target.checked)} /> it could
            not be reproduced
          </label>
          <ByField by={by} setBy={setBy} />
        </Panel>
      </div>
    </section>
  );
}

function Timeline({ incident }: { incident: Incident }) {
  const now = useNow(5000);
  return (
    <section aria-labelledby="timeline-title">
      <h2 id="timeline-title">What happened</h2>
      <ol className="events">
        {[...incident.timeline].reverse().map((event, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: events have no id and are only added
          <li key={`${event.at} ${event.what} ${i}`}>
            <span className="muted" title={moment(event.at)}>
              {ago(event.at, now)}
            </span>
            <strong>{event.what.replaceAll("_", " ")}</strong>
            <bdi>{event.words}</bdi>
            {event.by && (
              <span className="muted">
                by <bdi>{event.by}</bdi>
              </span>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
