/** Alerts: the inbox by urgency, one line each. Keys: j k Enter c. */

import { useState } from "react";
import { useAlerts } from "../api/watch-queries";
import type { Alert } from "../api/watched";
import { EvidenceCell } from "../parts/evidence";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { Mark } from "../parts/icons";
import { useKeys } from "../parts/keys";
import { useListKeys } from "../parts/list-keys";
import { useNow } from "../parts/now";
import { ALERT_MARKS } from "../signals/state-mark";
import { go, Link, setParams, useHere } from "../url/navigation";
import { alertPath, linkTo } from "../url/place";
import { alertLine, byUrgency, inboxWords } from "../words/alerts";
import { moment } from "../words/time";
import { isFact } from "../words/watched";
import { ClosePanel } from "./close-panel";

const OPEN = ["firing", "pending"] as const;
const SHOWS: Record<string, readonly string[]> = { open: OPEN, firing: ["firing"], resolved: ["resolved"] };

export function AlertsView() {
  const { params } = useHere();
  const shows = params.get("show") ?? "open";
  const answer = useAlerts(SHOWS[shows] ?? OPEN);
  const selected = params.get("at");
  const [closing, setClosing] = useState<string | null>(null);
  const items = byUrgency(answer.data?.items ?? []);
  const ids = items.map((one) => one.alert_id);
  const select = (id: string) => setParams({ at: id }, { replace: true });
  useListKeys({ ids, selected, select, open: (id) => go(linkTo(alertPath(id), params)) });
  useKeys({
    c: () => {
      const target = items.find((one) => one.alert_id === selected) ?? items[0];
      if (!target || target.state === "resolved") return;
      select(target.alert_id);
      setClosing(target.alert_id);
    },
  });
  return (
    <div className="view alerts">
      <h1 className="off-screen">Alerts</h1>
      <p className="in-words">{answer.data ? headWords(items, shows) : "\u00a0"}</p>
      <Shows chosen={shows} />
      {answer.data ? (
        <Inbox items={items} shows={shows} selected={selected} closing={closing} done={() => setClosing(null)} />
      ) : answer.error ? (
        <Failure error={answer.error} retry={() => answer.refetch()} />
      ) : (
        <Awaiting what="the alerts" lines={10} />
      )}
    </div>
  );
}

function headWords(items: readonly Alert[], shows: string): string {
  if (shows === "resolved")
    return items.length === 0 ? "No alert has ended yet." : "Alerts that are over, the newest first.";
  return inboxWords(items);
}

function Shows({ chosen }: { chosen: string }) {
  return (
    <div className="group-by" role="group" aria-label="Show">
      {Object.keys(SHOWS).map((name) => (
        <button
          type="button"
          key={name}
          className="chip"
          aria-pressed={name === chosen}
          onClick={() => setParams({ show: name === "open" ? null : name, at: null })}
        >
          {name}
        </button>
      ))}
      <span className="muted key-hint">
        <kbd>j</kbd> <kbd>k</kbd> move, <kbd>↵</kbd> open, <kbd>c</kbd> close
      </span>
    </div>
  );
}

type InboxProps = {
  items: readonly Alert[];
  shows: string;
  selected: string | null;
  closing: string | null;
  done: () => void;
};

function Inbox({ items, shows, selected, closing, done }: InboxProps) {
  const { params } = useHere();
  if (items.length === 0)
    return (
      <Nothing>
        {shows === "resolved" ? "What ends stands here with the reason." : "What needs somebody's eyes stands here."}{" "}
        <Link to={linkTo("/fleet/signals", params)}>See how close each signal is</Link>
      </Nothing>
    );
  return (
    <ul className="inbox" aria-label="Alerts by urgency">
      {items.map((alert) => (
        <li key={alert.alert_id}>
          <Line alert={alert} selected={alert.alert_id === selected} />
          {alert.alert_id === closing && alert.state !== "resolved" && <ClosePanel alert={alert} done={done} />}
        </li>
      ))}
    </ul>
  );
}

function Line({ alert, selected }: { alert: Alert; selected: boolean }) {
  const { params } = useHere();
  const line = alertLine(alert, useNow(5000));
  const first = alert.findings[0];
  const measured = first && !isFact(first);
  return (
    <Link
      to={linkTo(alertPath(alert.alert_id), params)}
      className={selected ? "alert-line selected" : "alert-line"}
      data-id={alert.alert_id}
      aria-current={selected ? "true" : undefined}
      title={alert.title}
    >
      <span className={`state alert-${alert.state}`}>
        <Mark name={ALERT_MARKS[alert.state]} />
        {alert.state}
      </span>
      <span className="alert-what">
        <strong>
          <bdi>{line.where}</bdi>
        </strong>{" "}
        {line.what}
      </span>
      <span className="alert-much">{line.howMuch}</span>
      <span className="alert-sure">
        {measured ? <EvidenceCell of={first} /> : <span className="muted">{line.howSure}</span>}
      </span>
      <span className="alert-since muted" title={moment(alert.fired_at ?? alert.opened_at)}>
        {line.since}
      </span>
    </Link>
  );
}
