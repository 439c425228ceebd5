/** Incidents: the worst first, one line each with what is missing to close. Keys: j k Enter, n. */

import { useState } from "react";
import { Tabs } from "../alerts/tabs";
import { type Incident, useIncidents } from "../api/incidents";
import { useAct } from "../api/oncall";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { useKeys } from "../parts/keys";
import { useListKeys } from "../parts/list-keys";
import { useNow } from "../parts/now";
import { ByField, Panel, saveBy, TextField, useBy } from "../parts/panel";
import { go, Link, setParams, useHere } from "../url/navigation";
import { incidentPath, linkTo } from "../url/place";
import { byHarm, exposureWords, listWords, SEVERITY_WORDS, severityWords } from "../words/incidents";
import { plural } from "../words/numbers";
import { ago, moment } from "../words/time";
import { Severity } from "./severity";

const SHOWS: Record<string, readonly string[]> = { "not closed": ["open", "contained"], closed: ["closed"], all: [] };

export function IncidentsView() {
  const { params } = useHere();
  const shows = params.get("show") ?? "not closed";
  const severity = params.get("severity");
  const answer = useIncidents({ severity });
  const states = SHOWS[shows] ?? [];
  const items = byHarm(answer.data?.items ?? []).filter((one) => states.length === 0 || states.includes(one.state));
  const ids = items.map((one) => one.incident_id);
  const selected = params.get("at");
  const making = params.get("panel") === "new";
  const make = (open: boolean) => setParams({ panel: open ? "new" : null }, { replace: true });
  useListKeys({
    ...{ ids, selected, select: (id) => setParams({ at: id }, { replace: true }) },
    open: (id) => go(linkTo(incidentPath(id), params)),
  });
  useKeys({ n: () => make(true), Escape: () => make(false) });
  return (
    <div className="view incidents">
      <h1 className="off-screen">Incidents</h1>
      <Tabs />
      <p className="in-words">{answer.data ? listWords(answer.data.items) : "\u00a0"}</p>
      <Filters shows={shows} severity={severity} make={() => make(!making)} making={making} />
      {making && <NewIncident done={() => make(false)} />}
      {answer.data ? (
        <List items={items} selected={selected} />
      ) : answer.error ? (
        <Failure error={answer.error} retry={() => answer.refetch()} />
      ) : (
        <Awaiting what="the incidents" lines={8} />
      )}
    </div>
  );
}

type FiltersProps = { shows: string; severity: string | null; make: () => void; making: boolean };

function Filters({ shows, severity, make, making }: FiltersProps) {
  return (
    <div className="filters">
      <div className="group-by" role="group" aria-label="Show">
        {Object.keys(SHOWS).map((name) => (
          <button
            type="button"
            key={name}
            className="chip"
            aria-pressed={name === shows}
            onClick={() => setParams({ show: name === "not closed" ? null : name, at: null })}
          >
            {name}
          </button>
        ))}
      </div>
      <div className="group-by" role="group" aria-label="Severity">
        {SEVERITY_WORDS.map((words, i) => (
          <button
            type="button"
            key={words}
            className="chip"
            title={words}
            aria-pressed={severity === String(i)}
            onClick={() => setParams({ severity: severity === String(i) ? null : String(i), at: null })}
          >
            sev-{i}
          </button>
        ))}
      </div>
      <button type="button" className="chip" onClick={make} aria-pressed={making}>
        Open one… <kbd>n</kbd>
      </button>
    </div>
  );
}

function List({ items, selected }: { items: readonly Incident[]; selected: string | null }) {
  if (items.length === 0)
    return (
      <Nothing>
        What harmed, or could have harmed, stands here with its severity and what is missing to close it.
      </Nothing>
    );
  return (
    <ul className="inbox" aria-label="Incidents by harm">
      {items.map((one) => (
        <li key={one.incident_id}>
          <Line incident={one} selected={one.incident_id === selected} />
        </li>
      ))}
    </ul>
  );
}

function Line({ incident, selected }: { incident: Incident; selected: boolean }) {
  const { params } = useHere();
  const now = useNow(5000);
  const because = incident.grades.at(-1)?.because[0];
  const due = incident.clocks.filter((one) => one.left_hours !== null);
  return (
    <Link
      to={linkTo(incidentPath(incident.incident_id), params)}
      className={selected ? "alert-line incident-line selected" : "alert-line incident-line"}
      data-id={incident.incident_id}
      aria-current={selected ? "true" : undefined}
      title={incident.title}
    >
      <Severity of={incident.severity} />
      <span className="alert-what">
        <strong>
          <bdi>{incident.title}</bdi>
        </strong>
      </span>
      <span>{incident.state}</span>
      <span className="alert-since muted" title={moment(incident.opened_at)}>
        opened {ago(incident.opened_at, now)}
      </span>
      <span className="alert-under muted">
        <bdi>{because ?? severityWords(incident.severity)}</bdi>
        <span>{exposureWords(incident.exposure)}</span>
        {incident.state !== "closed" && <span>{plural(incident.to_close.length, "thing")} missing to close</span>}
        {due.length > 0 && <strong>{plural(due.length, "clock")} running</strong>}
      </span>
    </Link>
  );
}

function NewIncident({ done }: { done: () => void }) {
  const { params } = useHere();
  const act = useAct<Incident>();
  const [by, setBy] = useBy();
  const [title, setTitle] = useState("");
  const send = () =>
    act.mutate(
      { path: "incidents", body: { title: title.trim(), by: saveBy(by) } },
      { onSuccess: (made) => go(linkTo(incidentPath(made.incident_id), params)) },
    );
  return (
    <Panel
      {...{ label: "Open an incident", sendWords: "Open the incident", done, send, error: act.error }}
      pending={act.isPending}
      ready={title.trim() !== "" && by.trim() !== ""}
    >
      <TextField label="What happened, in a sentence" value={title} set={setTitle} max={300} />
      <ByField by={by} setBy={setBy} />
    </Panel>
  );
}
