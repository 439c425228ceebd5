/** The panel of one act on an alert, in its place. */

import { useState } from "react";
import type { Incident } from "../api/incidents";
import { useIncidents } from "../api/incidents";
import { actOn, useAct } from "../api/oncall";
import type { Alert } from "../api/watched";
import { ByField, Panel, saveBy, TextField, useBy } from "../parts/panel";
import { go, Link, useHere } from "../url/navigation";
import { incidentPath, linkTo } from "../url/place";
import { percent, tight } from "../words/numbers";
import type { PanelName } from "./acts";
import { ClosePanel } from "./close-panel";
import { ProbePanel } from "./probe-panel";

type PanelOf = { alert: Alert; done: () => void };

export function AlertPanel({ alert, panel, done }: PanelOf & { panel: PanelName }) {
  switch (panel) {
    case "close":
      return <ClosePanel alert={alert} done={done} />;
    case "probe":
      return <ProbePanel alert={alert} done={done} />;
    case "forecast":
      return <ForecastPanel alert={alert} done={done} />;
    case "incident":
      return <IncidentPanel alert={alert} done={done} />;
    case "snooze":
      return <SnoozePanel alert={alert} done={done} />;
  }
}

function ForecastPanel({ alert, done }: PanelOf) {
  const act = useAct();
  const [by, setBy] = useBy();
  const [probability, setProbability] = useState(50);
  const send = () => act.mutate(actOn.forecast(alert.alert_id, saveBy(by), probability / 100), { onSuccess: done });
  return (
    <Panel
      {...{ label: "Forecast", sendWords: "Say so", done, send, error: act.error, pending: act.isPending }}
      ready={by.trim() !== ""}
    >
      <label>
        How probable is it that this is real? It is held against what turns out; nobody is ranked.
        <span className="slider">
          <input
            data-first
            type="range"
            min={0}
            max={100}
            step={5}
            value={probability}
            aria-valuetext={percent(probability / 100)}
            onChange={(event) => setProbability(Number(event.target.value))}
          />
          <output>{percent(probability / 100)}</output>
        </span>
      </label>
      <ByField by={by} setBy={setBy} />
    </Panel>
  );
}

function IncidentPanel({ alert, done }: PanelOf) {
  const { params } = useHere();
  const act = useAct<Incident>();
  const [by, setBy] = useBy();
  const [title, setTitle] = useState(alert.title.slice(0, 300));
  const send = () =>
    act.mutate(
      { path: "incidents", body: { title: title.trim(), by: saveBy(by), alert_id: alert.alert_id } },
      { onSuccess: (made) => go(linkTo(incidentPath(made.incident_id), params)) },
    );
  return (
    <Panel
      {...{ label: "Open an incident", sendWords: "Open the incident", done, send, error: act.error }}
      pending={act.isPending}
      ready={by.trim() !== "" && title.trim() !== ""}
    >
      <OpenAlready alert={alert} />
      <TextField label="Title" value={title} set={setTitle} rows={2} max={300} />
      <p className="muted">Slice, window, runs, rate and exposure are taken from the alert.</p>
      <ByField by={by} setBy={setBy} />
    </Panel>
  );
}

/** A second incident of one thing is a mistake that is made at night. */
function OpenAlready({ alert }: { alert: Alert }) {
  const { params } = useHere();
  const mine = (useIncidents().data?.items ?? []).filter(
    (one) => one.state !== "closed" && one.alert_ids.includes(alert.alert_id),
  );
  if (mine.length === 0) return null;
  return (
    <p className="caveat">
      An incident of this alert is open already:{" "}
      {mine.map((one) => (
        <Link key={one.incident_id} to={linkTo(incidentPath(one.incident_id), params)}>
          {tight(one.title)}
        </Link>
      ))}
    </p>
  );
}

function SnoozePanel({ alert, done }: PanelOf) {
  const act = useAct();
  const [by, setBy] = useBy();
  const asleep = Boolean(alert.snoozed_until);
  const send = () => act.mutate((asleep ? actOn.wake : actOn.snooze)(alert.alert_id, saveBy(by)), { onSuccess: done });
  return (
    <Panel
      {...{ label: asleep ? "Wake" : "Snooze", sendWords: asleep ? "Wake it" : "Snooze it", done, send }}
      error={act.error}
      pending={act.isPending}
      ready={by.trim() !== ""}
    >
      <p>
        {asleep
          ? "It may page again at once."
          : "It does not page until the version of its cohort changes. It is still watched, and stands in the list."}
      </p>
      <ByField by={by} setBy={setBy} />
    </Panel>
  );
}
