/** Who was exposed: each number with what is behind it, and how many replays would show the fault. */

import { useState } from "react";
import { type Incident, incidentAct } from "../api/incidents";
import { useAct } from "../api/oncall";
import { Section } from "../health/section";
import { ByField, Panel, saveBy, useBy } from "../parts/panel";
import { Link, useHere } from "../url/navigation";
import { type Changes, linkTo } from "../url/place";
import { exposureWords, numberOf, replayWords } from "../words/incidents";
import { count, percent, plural, short } from "../words/numbers";

/** The runs of the slice and window, as the list of runs filters them. */
function runsOf(incident: Incident): Changes {
  const { from, to } = incident.window ?? { from: null, to: null };
  const slice = Object.fromEntries(Object.entries(incident.where).map(([name, value]) => [name, [value ?? ""]]));
  return { ...slice, ...(from ? { since: from } : {}), ...(to ? { until: to } : {}) };
}

export function ExposurePart({ incident }: { incident: Incident }) {
  const { params } = useHere();
  const of = incident.exposure;
  const runs = linkTo("/runs", params, runsOf(incident));
  const failed = linkTo("/runs", params, { ...runsOf(incident), outcome: ["failure"] });
  const words = replayWords(incident);
  return (
    <Section title="Exposure">
      {of === null ? (
        <p>{exposureWords(of)}</p>
      ) : (
        <p className="exposure">
          <Link to={runs}>{plural(of.runs, "run")}</Link>
          {of.failing ? (
            <Link to={failed}>
              {percent(of.failing.value)} failing ({percent(of.failing.low)} to {percent(of.failing.high)}, n{" "}
              {count(of.failing.n)})
            </Link>
          ) : (
            <span>no outcome is known</span>
          )}
          <Link to={runs}>{plural(of.sessions, "session")}</Link>
          <span>{of.users > 0 ? plural(of.users, "user") : "no run names its user"}</span>
          <span>{of.tenants > 0 ? plural(of.tenants, "tenant") : "no run names its tenant"}</span>
          {of.per_day !== null && <span>about {short(of.per_day)} a day</span>}
        </p>
      )}
      {words && <p className="muted">{words}</p>}
      {incident.state !== "closed" && (
        <details>
          <summary>Record replays</summary>
          <Replays incident={incident} />
        </details>
      )}
    </Section>
  );
}

function Replays({ incident }: { incident: Incident }) {
  const act = useAct();
  const [by, setBy] = useBy();
  const [trials, setTrials] = useState("");
  const [events, setEvents] = useState("");
  const n = numberOf(trials);
  const k = numberOf(events);
  const ready = n !== null && k !== null && n > 0 && k <= n && by.trim() !== "";
  const send = () => act.mutate(incidentAct(incident.incident_id, "replays", { trials: n, events: k, by: saveBy(by) }));
  return (
    <Panel {...{ label: "Replays", sendWords: "Record them", send, ready, error: act.error, pending: act.isPending }}>
      <label>
        replays made <input type="number" min={1} value={trials} onChange={(event) => setTrials(event.target.value)} />
      </label>
      <label>
        seen in <input type="number" min={0} value={events} onChange={(event) => setEvents(event.target.value)} />
      </label>
      <ByField by={by} setBy={setBy} />
    </Panel>
  );
}
