/** Drills: a known regression, or pure noise, put in on purpose; whether it was found, and how soon. */

import { useState } from "react";
import { type Drill, useAct, useDrills } from "../api/oncall";
import { Section } from "../health/section";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { useNow } from "../parts/now";
import { Panel, SelectField } from "../parts/panel";
import { shareWords } from "../words/oncall";
import { ago, moment } from "../words/time";

const KINDS = [
  ["regression", "a regression: it should be found"],
  ["noise", "noise: nobody should be paged"],
] as const;

export function DrillsPart() {
  const answer = useDrills();
  if (!answer.data)
    return (
      <Section title="Drills">
        {answer.error ? <Failure error={answer.error} /> : <Awaiting what="the drills" lines={2} />}
      </Section>
    );
  const { items, detection, false_escalation } = answer.data;
  return (
    <Section title="Drills">
      <p>
        Found of what was put in: {shareWords(detection)}. Escalated though it was noise: {shareWords(false_escalation)}
        .
      </p>
      <NewDrill />
      {items.length === 0 && <Nothing>No drill has been run yet. It runs in a project of its own.</Nothing>}
      <ul className="cards" aria-label="Drills">
        {items.map((one) => (
          <OneDrill key={one.drill_id} drill={one} />
        ))}
      </ul>
    </Section>
  );
}

function OneDrill({ drill }: { drill: Drill }) {
  const now = useNow(5000);
  return (
    <li>
      <p>
        <strong>{drill.kind}</strong>
        <span className="muted" title={moment(drill.started_at)}>
          {drill.state}, {ago(drill.started_at, now)}
        </span>
      </p>
      <p>
        <bdi>{drill.in_words}</bdi>
      </p>
    </li>
  );
}

function NewDrill() {
  const act = useAct();
  const [kind, setKind] = useState("regression");
  const send = () => act.mutate({ path: "drills", body: { kind } });
  return (
    <Panel label="Run a drill" sendWords="Run a drill" {...{ send, error: act.error, pending: act.isPending }} ready>
      <SelectField label="Put in" value={kind} set={setKind} of={KINDS} />
    </Panel>
  );
}
