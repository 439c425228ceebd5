/** Duties to report: which may run, which do, and how much time is left. Dated data, to be confirmed with counsel. */

import { type Clock, type Incident, incidentAct } from "../api/incidents";
import { useAct } from "../api/oncall";
import { Section } from "../health/section";
import { Failure } from "../parts/feedback";
import { saveBy, useBy } from "../parts/panel";
import { clockWords } from "../words/incidents";
import { moment } from "../words/time";

export function Clocks({ incident }: { incident: Incident }) {
  if (incident.clocks.length === 0) return null;
  return (
    <Section title="Clocks" note="confirm with counsel">
      <ul className="cards">
        {incident.clocks.map((one) => (
          <OneClock key={one.code} incident={incident} clock={one} />
        ))}
      </ul>
    </Section>
  );
}

function OneClock({ incident, clock }: { incident: Incident; clock: Clock }) {
  const act = useAct();
  const [by] = useBy();
  const runs = clock.started_at !== null && clock.stopped_at === null;
  const late = clock.left_hours !== null && clock.left_hours < 0;
  const press = () => {
    const body = runs
      ? { do: "stop", by: saveBy(by || "page"), note: "stopped on the page" }
      : { do: "start", by: saveBy(by || "page") };
    act.mutate(incidentAct(incident.incident_id, `clocks/${encodeURIComponent(clock.code)}`, body));
  };
  return (
    <li>
      <p>
        <strong>{clock.title}</strong>
        <span className={late ? "bad-text" : undefined} title={clock.due_at ? moment(clock.due_at) : undefined}>
          {clockWords(clock)}
        </span>
        {clock.stopped_at === null && incident.state !== "closed" && (
          <button type="button" onClick={press} disabled={act.isPending}>
            {runs ? "Stop" : "Start"} the clock
          </button>
        )}
      </p>
      <p className="muted">
        <bdi>{clock.because}</bdi> {clock.note && <bdi>({clock.note})</bdi>}
      </p>
      {act.error ? <Failure error={act.error} /> : null}
    </li>
  );
}
