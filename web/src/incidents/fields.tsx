/** The six fields of the time of the incident: from the runs where they say it, else typed, or why they do not apply. */

import { useState } from "react";
import { type Incident, incidentAct } from "../api/incidents";
import { useAct } from "../api/oncall";
import { Section } from "../health/section";
import { ByField, Panel, SelectField, saveBy, TextField, useBy } from "../parts/panel";
import { FIELD_NAMES } from "../words/incidents";
import { capital } from "../words/numbers";

const SOURCE_WORDS = { runs: "from the runs", typed: "typed", not_applicable: "does not apply" } as const;

function title(name: string): string {
  return capital(name.replaceAll("_", " "));
}

export function Fields({ incident }: { incident: Incident }) {
  return (
    <Section title="Six fields">
      <dl className="facts six">
        {FIELD_NAMES.map((name) => {
          const found = incident.fields[name];
          return (
            <div key={name}>
              <dt>{title(name)}</dt>
              <dd>
                {found ? (
                  <>
                    <bdi>{found.value}</bdi> <span className="muted">({SOURCE_WORDS[found.source]})</span>
                  </>
                ) : (
                  <span className="bad-text">missing</span>
                )}
              </dd>
            </div>
          );
        })}
      </dl>
      {incident.state !== "closed" && <Fill incident={incident} />}
    </Section>
  );
}

const SOURCES = [
  ["typed", "it was"],
  ["not_applicable", "it does not apply, because"],
] as const;

/** The first that is missing is offered first. */
function Fill({ incident }: { incident: Incident }) {
  const act = useAct();
  const [by, setBy] = useBy();
  const next = FIELD_NAMES.find((one) => !incident.fields[one]) ?? FIELD_NAMES[0];
  const [chosen, setChosen] = useState<string | null>(null);
  const [source, setSource] = useState("typed");
  const [value, setValue] = useState("");
  const send = () =>
    act.mutate(
      incidentAct(incident.incident_id, "fields", {
        ...{ name: chosen ?? next, value: value.trim(), source, by: saveBy(by) },
      }),
      {
        onSuccess: () => {
          setValue("");
          setChosen(null);
        },
      },
    );
  return (
    <Panel
      {...{ label: "Field", sendWords: "Record the field", send, error: act.error, pending: act.isPending }}
      ready={value.trim() !== "" && by.trim() !== ""}
    >
      <div className="form-grid">
        <SelectField
          label="Field"
          value={chosen ?? next}
          set={setChosen}
          of={FIELD_NAMES.map((one) => [one, title(one)])}
        />
        <SelectField label="Then" value={source} set={setSource} of={SOURCES} />
      </div>
      <TextField label="Value" value={value} set={setValue} />
      <ByField by={by} setBy={setBy} />
    </Panel>
  );
}
