/** Handover: the shift on one page that prints well; below it how forecasts and drills turned out. */

import { type Handover, useHandover } from "../api/oncall";
import type { Alert } from "../api/watched";
import { Section } from "../health/section";
import { Severity } from "../incidents/severity";
import { Copy } from "../parts/copy";
import { Awaiting, Failure } from "../parts/feedback";
import { Link, setParams, useHere } from "../url/navigation";
import { alertPath, incidentPath, linkTo } from "../url/place";
import { tight } from "../words/numbers";
import { kindWords } from "../words/oncall";
import { moment } from "../words/time";
import { CalibrationPart } from "./calibration";
import { DrillsPart } from "./drills";
import { Tabs } from "./tabs";

const SHIFTS = [8, 12, 24] as const;

export function HandoverView() {
  const { params } = useHere();
  const asked = Number(params.get("hours"));
  const hours = SHIFTS.find((one) => one === asked) ?? 12;
  const answer = useHandover(hours);
  return (
    <div className="view handover">
      <h1 className="off-screen">Handover</h1>
      <Tabs />
      <div className="group-by no-print" role="group" aria-label="Hours">
        {SHIFTS.map((one) => (
          <button
            type="button"
            key={one}
            className="chip"
            aria-pressed={one === hours}
            onClick={() => setParams({ hours: one === 12 ? null : String(one) })}
          >
            {one} hours
          </button>
        ))}
        <button type="button" className="chip" onClick={() => window.print()}>
          Print
        </button>
        {answer.data && <Copy text={answer.data.markdown} label="copy as Markdown" />}
      </div>
      {answer.data ? (
        <Shift shift={answer.data} />
      ) : answer.error ? (
        <Failure error={answer.error} retry={() => answer.refetch()} />
      ) : (
        <Awaiting what="the handover" lines={8} />
      )}
      <CalibrationPart />
      <DrillsPart />
    </div>
  );
}

function Shift({ shift }: { shift: Handover }) {
  return (
    <>
      <p className="in-words">{tight(shift.in_words)}</p>
      <p className="muted">
        {moment(shift.since)} to {moment(shift.until)}
      </p>
      <Section title="Paged">
        <AlertList
          items={shift.paged.map((alert) => ({ alert, note: alert.resolution ?? "" }))}
          none="Nobody was paged."
        />
      </Section>
      <Section title="Not paged, for the morning">
        <AlertList
          items={shift.batched.map((one) => ({ alert: one.alert, note: one.reason }))}
          none="Nothing waits for the morning."
        />
      </Section>
      <Section title="Held">
        <AlertList
          items={shift.held.map((one) => ({ alert: one.alert, note: one.reason }))}
          none="Nothing is held by a mute, a snooze or another alert."
        />
      </Section>
      <Section title="Refuted by later runs">
        <Lines items={shift.refuted.map((one) => `${kindWords(one.kind)}: ${one.reason} (${one.by})`)} />
      </Section>
      <Section title="Ends by itself next">
        <Lines items={shift.expiring.map((one) => `${one.what}: ${one.in_words} (${one.by})`)} />
      </Section>
      <Section title="Incidents">
        <Incidents items={shift.incidents} />
      </Section>
      <Section title="The whole document">
        <pre className="document" tabIndex={0}>
          {shift.markdown}
        </pre>
      </Section>
    </>
  );
}

function Lines({ items }: { items: readonly string[] }) {
  if (items.length === 0) return <p className="muted">None.</p>;
  return (
    <ul className="cards">
      {items.map((one) => (
        <li key={one}>
          <bdi>{one}</bdi>
        </li>
      ))}
    </ul>
  );
}

function Incidents({ items }: { items: Handover["incidents"] }) {
  const { params } = useHere();
  if (items.length === 0) return <p className="muted">None.</p>;
  return (
    <ul className="cards">
      {items.map((one) => (
        <li key={one.incident_id}>
          <p>
            <Severity of={one.severity} />
            <Link to={linkTo(incidentPath(one.incident_id), params)}>{tight(one.title)}</Link>
            <span className="muted">{one.state}</span>
          </p>
        </li>
      ))}
    </ul>
  );
}

function AlertList({ items, none }: { items: readonly { alert: Alert; note: string }[]; none: string }) {
  const { params } = useHere();
  if (items.length === 0) return <p className="muted">{none}</p>;
  return (
    <ul className="cards">
      {items.map(({ alert, note }) => (
        <li key={alert.alert_id}>
          <Link to={linkTo(alertPath(alert.alert_id), params)}>{tight(alert.title)}</Link>
          {note && (
            <p className="muted">
              <bdi>{note}</bdi>
            </p>
          )}
        </li>
      ))}
    </ul>
  );
}
