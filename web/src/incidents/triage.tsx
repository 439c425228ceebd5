/** The walk from the data to the answer: at each step a cause, ruled out with evidence, or not known. */

import { useState } from "react";
import { type Incident, incidentAct } from "../api/incidents";
import { useAct } from "../api/oncall";
import { Section } from "../health/section";
import { ByField, Panel, SelectField, saveBy, TextField, useBy } from "../parts/panel";
import { FINDING_WORDS, TRIAGE_STEPS } from "../words/incidents";

export function TriageWalk({ incident }: { incident: Incident }) {
  const walked = new Map(incident.triage.map((one) => [one.step, one]));
  return (
    <Section title="Triage walk" note="retrieval, generation, routing, upstream data">
      <ol className="facts walk">
        {TRIAGE_STEPS.map((step) => {
          const found = walked.get(step);
          return (
            <li key={step}>
              <strong>{step}</strong>
              {found ? (
                <span>
                  {FINDING_WORDS[found.finding]}: <bdi>{found.evidence}</bdi>{" "}
                  <span className="muted">
                    by <bdi>{found.by}</bdi>
                  </span>
                </span>
              ) : (
                <span className="muted">not looked at yet</span>
              )}
            </li>
          );
        })}
      </ol>
      {incident.state !== "closed" && <Step incident={incident} />}
    </Section>
  );
}

const FINDINGS = [
  ["ruled_out", "ruled out, because"],
  ["cause", "a cause, as seen in"],
  ["unknown", "not known, because"],
] as const;

/** The step that comes next is offered first. */
function Step({ incident }: { incident: Incident }) {
  const act = useAct();
  const [by, setBy] = useBy();
  const walked = new Set(incident.triage.map((one) => one.step));
  const next = TRIAGE_STEPS.find((one) => !walked.has(one)) ?? "retrieval";
  const [chosen, setChosen] = useState<string | null>(null);
  const [finding, setFinding] = useState("ruled_out");
  const [evidence, setEvidence] = useState("");
  const send = () =>
    act.mutate(
      incidentAct(incident.incident_id, "triage", {
        ...{ step: chosen ?? next, finding, evidence: evidence.trim(), by: saveBy(by) },
      }),
      {
        onSuccess: () => {
          setEvidence("");
          setChosen(null);
        },
      },
    );
  return (
    <Panel
      {...{ label: "Triage step", sendWords: "Record the step", send, error: act.error, pending: act.isPending }}
      ready={evidence.trim() !== "" && by.trim() !== ""}
    >
      <div className="form-grid">
        <SelectField label="Step" value={chosen ?? next} set={setChosen} of={TRIAGE_STEPS.map((one) => [one, one])} />
        <SelectField label="It is" value={finding} set={setFinding} of={FINDINGS} />
      </div>
      <TextField label="Evidence, or why it is ruled out" value={evidence} set={setEvidence} rows={2} />
      <ByField by={by} setBy={setBy} />
    </Panel>
  );
}
