/** The root cause: one thing, or a rate that several factors make together. */

import { useState } from "react";
import { type Incident, incidentAct } from "../api/incidents";
import { useAct } from "../api/oncall";
import { Section } from "../health/section";
import { ByField, Panel, SelectField, saveBy, TextField, useBy } from "../parts/panel";
import { causeWords, FACT_WORDS, firstFacts } from "../words/incidents";

const KINDS = [
  ["single", "one thing broke"],
  ["distributional", "it happens at a rate, from factors together"],
] as const;

export function Cause({ incident }: { incident: Incident }) {
  return (
    <Section title="Root cause">
      {incident.root_cause ? (
        <p>
          <bdi>{causeWords(incident.root_cause)}</bdi>
        </p>
      ) : (
        <p className="muted">Not named yet.</p>
      )}
      {incident.state !== "closed" && (
        <details open={!incident.root_cause}>
          <summary>Name the cause</summary>
          <CauseForm incident={incident} />
        </details>
      )}
    </Section>
  );
}

function CauseForm({ incident }: { incident: Incident }) {
  const act = useAct();
  const [by, setBy] = useBy();
  const [kind, setKind] = useState("single");
  const [text, setText] = useState("");
  const [factors, setFactors] = useState("");
  const [confidence, setConfidence] = useState("medium");
  const spread = kind === "distributional";
  const rate = spread ? firstFacts(incident).rate : null;
  const named = spread
    ? factors
        .split(",")
        .map((one) => one.trim())
        .filter(Boolean)
    : [];
  const send = () => {
    const body = { kind, text: text.trim(), confidence, rate, factors: named, by: saveBy(by) };
    act.mutate(incidentAct(incident.incident_id, "cause", body));
  };
  return (
    <Panel
      {...{ label: "Cause", sendWords: "Record the cause", send, error: act.error, pending: act.isPending }}
      ready={text.trim() !== "" && by.trim() !== "" && (!spread || named.length > 0)}
    >
      <div className="form-grid">
        <SelectField label="Kind" value={kind} set={setKind} of={KINDS} />
        <SelectField label="Confidence" value={confidence} set={setConfidence} of={FACT_WORDS.confidence} />
      </div>
      <TextField label="What it was" value={text} set={setText} rows={2} />
      {spread && <TextField label="Factors, with commas between" value={factors} set={setFactors} />}
      {spread && rate === null && <p className="caveat">No rate is known: grade it with counted runs first.</p>}
      <ByField by={by} setBy={setBy} />
    </Panel>
  );
}
