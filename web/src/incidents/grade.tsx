/** Severity: the grade with every rule that moved it, the facts that it follows from, and a form that grades while it is filled in. */

import { useState } from "react";
import { type Facts, type Harm, type Incident, incidentAct, usePreview } from "../api/incidents";
import { useAct } from "../api/oncall";
import { Section } from "../health/section";
import { ByField, Panel, SelectField, saveBy, TextField, useBy } from "../parts/panel";
import { FACT_WORDS, firstFacts, numberOf, severityWords } from "../words/incidents";
import { moment } from "../words/time";
import { Severity } from "./severity";

const HARMS_SHOWN = 6;

export function GradePart({ incident }: { incident: Incident }) {
  const newest = incident.grades.at(-1);
  const open = incident.state !== "closed";
  return (
    <Section title="Severity">
      {newest ? (
        <>
          <p>
            <Severity of={newest.severity} /> <span className="muted">{severityWords(newest.severity)}, because</span>
          </p>
          <ul className="because">
            {newest.because.map((one) => (
              <li key={one}>
                <bdi>{one}</bdi>
              </li>
            ))}
          </ul>
          <p className="muted">
            Rubric {newest.rubric_version}, given by <bdi>{newest.by}</bdi>
            {newest.approver && (
              <>
                , approved by <bdi>{newest.approver}</bdi>
              </>
            )}
            , <span title={moment(newest.at)}>{recomputesWords(newest.recomputes)}</span>
          </p>
          {incident.response && (
            <p>
              Asked for at this grade: <bdi>{incident.response.containment}</bdi>. To be told:{" "}
              <bdi>{incident.response.tell}</bdi>.
            </p>
          )}
        </>
      ) : (
        <p>Not graded yet: severity follows from the facts below.</p>
      )}
      {open && (
        <details open={!newest}>
          <summary>{newest ? "Grade it anew" : "The facts"}</summary>
          <FactsForm incident={incident} />
        </details>
      )}
    </Section>
  );
}

function recomputesWords(recomputes: boolean | null): string {
  if (recomputes === null) return "given under another rubric";
  return recomputes ? "it follows from its facts" : "it does NOT follow from its facts";
}

const NUMBERS = ["traffic_per_day", "affected_users", "undetected_hours"] as const;

function FactsForm({ incident }: { incident: Incident }) {
  const act = useAct();
  const [by, setBy] = useBy();
  const [approver, setApprover] = useState("");
  const [facts, setFacts] = useState<Facts>(() => firstFacts(incident));
  const preview = usePreview(facts).data;
  const set = (more: Partial<Facts>) => setFacts({ ...facts, ...more });
  const milder = incident.severity !== null && preview !== undefined && preview.severity > incident.severity;
  const send = () => {
    const body = { facts, by: saveBy(by), ...(approver.trim() ? { approver: approver.trim() } : {}) };
    act.mutate(incidentAct(incident.incident_id, "grade", body));
  };
  return (
    <Panel
      {...{ label: "Facts", sendWords: "Record the grade", send, error: act.error, pending: act.isPending }}
      ready={by.trim() !== ""}
    >
      <Harms harms={facts.harms} set={(harms) => set({ harms })} />
      <div className="form-grid">
        <Rate facts={facts} set={set} />
        {NUMBERS.map((name) => (
          <label key={name}>
            {name.replaceAll("_", " ")} (empty: not known){" "}
            <input
              type="number"
              min={0}
              step={name === "affected_users" ? 1 : "any"}
              value={facts[name] ?? ""}
              onChange={(event) => set({ [name]: numberOf(event.target.value) })}
            />
          </label>
        ))}
        <SelectField
          label="The agent"
          value={facts.autonomy}
          set={(autonomy) => set({ autonomy })}
          of={FACT_WORDS.autonomy}
        />
        <SelectField
          label="Caught by"
          value={facts.caught_by}
          set={(caught_by) => set({ caught_by })}
          of={FACT_WORDS.caught_by}
        />
        <SelectField label="Domain" value={facts.domain} set={(domain) => set({ domain })} of={FACT_WORDS.domain} />
        <SelectField
          label="How sure of these facts"
          value={facts.confidence}
          set={(confidence) => set({ confidence })}
          of={FACT_WORDS.confidence}
        />
        <label className="check">
          <input type="checkbox" checked={facts.ongoing} onChange={(event) => set({ ongoing: event.target.checked })} />{" "}
          it goes on
        </label>
      </div>
      <div className="preview" role="status" aria-label="The grade of these facts">
        {preview ? (
          <>
            <Severity of={preview.severity} />
            <ul className="because">
              {preview.because.map((one) => (
                <li key={one}>{one}</li>
              ))}
              {preview.clocks.map((one) => (
                <li key={one.code}>starts a clock: {one.title}</li>
              ))}
            </ul>
          </>
        ) : (
          <span className="muted">The grade is told when it is recorded.</span>
        )}
      </div>
      {milder && (
        <>
          <p className="caveat">
            This is milder than what stands. It takes replays that bound the rate, and an approver.
          </p>
          <TextField label="Approver" value={approver} set={setApprover} max={100} />
        </>
      )}
      <ByField by={by} setBy={setBy} />
    </Panel>
  );
}

function Rate({ facts, set }: { facts: Facts; set: (more: Partial<Facts>) => void }) {
  const [events, setEvents] = useState(facts.rate ? String(facts.rate.events) : "");
  const [trials, setTrials] = useState(facts.rate ? String(facts.rate.trials) : "");
  const changed = (e: string, t: string) => {
    setEvents(e);
    setTrials(t);
    const k = numberOf(e);
    const n = numberOf(t);
    set({ rate: k === null || n === null || n === 0 || k > n ? null : { events: k, trials: n } });
  };
  return (
    <>
      <label>
        seen in (empty: nobody counted){" "}
        <input type="number" min={0} value={events} onChange={(event) => changed(event.target.value, trials)} />
      </label>
      <label>
        of so many runs{" "}
        <input type="number" min={0} value={trials} onChange={(event) => changed(events, event.target.value)} />
      </label>
    </>
  );
}

function Harms({ harms, set }: { harms: readonly Harm[]; set: (harms: Harm[]) => void }) {
  const change = (at: number, more: Partial<Harm>) =>
    set(harms.map((one, i) => (i === at ? { ...one, ...more } : one)));
  return (
    <>
      {harms.map((harm, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: harms have no name of their own
        <fieldset key={i} className="form-grid harm">
          <legend>Harm {harms.length > 1 ? i + 1 : ""}</legend>
          <SelectField label="Of" value={harm.type} set={(type) => change(i, { type })} of={FACT_WORDS.type} />
          <SelectField
            label="To one affected"
            value={harm.magnitude}
            set={(magnitude) => change(i, { magnitude })}
            of={FACT_WORDS.magnitude}
          />
          <SelectField
            label="It"
            value={String(harm.actual)}
            set={(actual) => change(i, { actual: actual === "true" })}
            of={FACT_WORDS.actual}
          />
          <SelectField
            label="Reversible"
            value={harm.reversible}
            set={(reversible) => change(i, { reversible })}
            of={FACT_WORDS.reversible}
          />
          {harms.length > 1 && (
            <button type="button" onClick={() => set(harms.filter((_, at) => at !== i))}>
              Remove this harm
            </button>
          )}
        </fieldset>
      ))}
      {harms.length < HARMS_SHOWN && (
        <p>
          <button
            type="button"
            onClick={() => set([...harms, { type: "quality", actual: true, reversible: "yes", magnitude: "minor" }])}
          >
            Another harm
          </button>
        </p>
      )}
    </>
  );
}
