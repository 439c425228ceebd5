/** What is to be done: text, owner, until when, and whether it is done. */

import { useState } from "react";
import { type ActionItem, type Incident, incidentAct } from "../api/incidents";
import { useAct } from "../api/oncall";
import { Section } from "../health/section";
import { Failure } from "../parts/feedback";
import { useNow } from "../parts/now";
import { ByField, Panel, saveBy, TextField, useBy } from "../parts/panel";
import { leftWords } from "../words/oncall";
import { moment } from "../words/time";

export function Actions({ incident }: { incident: Incident }) {
  return (
    <Section title="Actions">
      {incident.actions.length === 0 ? (
        <p className="muted">None yet.</p>
      ) : (
        <ul className="cards">
          {incident.actions.map((one) => (
            <OneAction key={one.action_id} incident={incident} action={one} />
          ))}
        </ul>
      )}
      {incident.state !== "closed" && <NewAction incident={incident} />}
    </Section>
  );
}

function OneAction({ incident, action }: { incident: Incident; action: ActionItem }) {
  const now = useNow(5000);
  const act = useAct();
  const [by] = useBy();
  const done = () => {
    const what = `actions/${encodeURIComponent(action.action_id)}/done`;
    act.mutate(incidentAct(incident.incident_id, what, { by: by || action.owner }));
  };
  return (
    <li>
      <p>
        <bdi>{action.text}</bdi>
        <span className="muted">
          <bdi>{action.owner}</bdi>
          {action.done_at ? ", done" : action.due ? `, ${leftWords(action.due, now)}` : ", without a date"}
        </span>
        {action.done_at === null && (
          <button
            type="button"
            onClick={done}
            disabled={act.isPending}
            title={action.due ? moment(action.due) : undefined}
          >
            Done
          </button>
        )}
      </p>
      {act.error ? <Failure error={act.error} /> : null}
    </li>
  );
}

function NewAction({ incident }: { incident: Incident }) {
  const act = useAct();
  const [by, setBy] = useBy();
  const [text, setText] = useState("");
  const [owner, setOwner] = useState("");
  const [due, setDue] = useState("");
  const send = () => {
    const body = { text: text.trim(), owner: owner.trim(), due: due ? `${due}T17:00:00Z` : null, by: saveBy(by) };
    act.mutate(incidentAct(incident.incident_id, "actions", body), {
      onSuccess: () => {
        setText("");
        setOwner("");
      },
    });
  };
  return (
    <Panel
      {...{ label: "Action", sendWords: "Add the action", send, error: act.error, pending: act.isPending }}
      ready={text.trim() !== "" && owner.trim() !== "" && by.trim() !== ""}
    >
      <TextField label="What is to be done" value={text} set={setText} />
      <div className="form-grid">
        <TextField label="Owner" value={owner} set={setOwner} max={100} />
        <label>
          until <input type="date" value={due} onChange={(event) => setDue(event.target.value)} />
        </label>
      </div>
      <ByField by={by} setBy={setBy} />
    </Panel>
  );
}
