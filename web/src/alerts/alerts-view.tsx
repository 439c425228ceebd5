/** Alerts: the inbox by urgency, one line each. Keys: j k Enter, d p f i s. */

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
import { actionWords, alertLine, byUrgency, inboxWords } from "../words/alerts";
import { beforeWords, CLASSES, pagingWords, quietWords } from "../words/oncall";
import { moment } from "../words/time";
import { isFact } from "../words/watched";
import { ACTS, actKeys, type PanelName, panelOf, takes } from "./acts";
import { AlertPanel } from "./alert-panel";
import { Tabs } from "./tabs";

/** As many as one answer holds. */
const SHOWN_MAX = 100;
const OPEN = ["firing", "pending"] as const;
const SHOWS: Record<string, readonly string[]> = { open: OPEN, firing: ["firing"], resolved: ["resolved"] };

export function AlertsView() {
  const { params } = useHere();
  const shows = params.get("show") ?? "open";
  const kind = params.get("class");
  const answer = useAlerts(SHOWS[shows] ?? OPEN, 2, shows === "resolved" ? "newest" : "urgency");
  const selected = params.get("at");
  const all = byUrgency(answer.data?.items ?? []);
  const items = kind ? all.filter((one) => one.class === kind) : all;
  const ids = items.map((one) => one.alert_id);
  const select = (id: string) => setParams({ at: id, panel: null }, { replace: true });
  useListKeys({ ids, selected, select, open: (id) => go(linkTo(alertPath(id), params)) });
  const act = (panel: PanelName) => {
    const target = items.find((one) => one.alert_id === selected) ?? items[0];
    if (target && takes(target, panel)) setParams({ at: target.alert_id, panel }, { replace: true });
  };
  useKeys({ ...actKeys(act), Escape: () => setParams({ panel: null }, { replace: true }) });
  return (
    <div className="view alerts">
      <h1 className="off-screen">Alerts</h1>
      <Tabs />
      <p className="in-words">{answer.data ? headWords(items, shows) : "\u00a0"}</p>
      <Shows chosen={shows} kind={kind} />
      {answer.data ? (
        <Inbox items={items} shows={shows} selected={selected} more={all.length >= SHOWN_MAX} />
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

function Shows({ chosen, kind }: { chosen: string; kind: string | null }) {
  return (
    <div className="filters">
      <div className="group-by" role="group" aria-label="Show">
        {Object.keys(SHOWS).map((name) => (
          <button
            type="button"
            key={name}
            className="chip"
            aria-pressed={name === chosen}
            onClick={() => setParams({ show: name === "open" ? null : name, at: null, panel: null })}
          >
            {name}
          </button>
        ))}
      </div>
      <div className="group-by" role="group" aria-label="Class">
        {CLASSES.map((name) => (
          <button
            type="button"
            key={name}
            className="chip"
            aria-pressed={name === kind}
            onClick={() => setParams({ class: name === kind ? null : name, at: null, panel: null })}
          >
            {name}
          </button>
        ))}
      </div>
      <span className="muted key-hint">
        <kbd>j</kbd> <kbd>k</kbd> move, <kbd>↵</kbd> open
        {ACTS.map((act) => (
          <span key={act.name}>
            , <kbd>{act.key}</kbd> {act.words.toLowerCase()}
          </span>
        ))}
      </span>
    </div>
  );
}

type InboxProps = { items: readonly Alert[]; shows: string; selected: string | null; more: boolean };

function Inbox({ items, shows, selected, more }: InboxProps) {
  const { params } = useHere();
  if (items.length === 0)
    return (
      <Nothing>
        {shows === "resolved" ? "What ends stands here with the reason." : "What needs somebody's eyes stands here."}{" "}
        <Link to={linkTo("/fleet/signals", params)}>See how close each signal is</Link>
      </Nothing>
    );
  return (
    <>
      <ul className="inbox" aria-label="Alerts by urgency">
        {items.map((alert) => (
          <li key={alert.alert_id}>
            <Line alert={alert} selected={alert.alert_id === selected} />
            {alert.alert_id === selected && <Opened alert={alert} name={params.get("panel")} />}
          </li>
        ))}
      </ul>
      {more && <p className="muted">There are more: the most urgent {items.length} are shown.</p>}
    </>
  );
}

function Opened({ alert, name }: { alert: Alert; name: string | null }) {
  const panel = panelOf(name, alert);
  if (panel === null) return null;
  return <AlertPanel alert={alert} panel={panel} done={() => setParams({ panel: null }, { replace: true })} />;
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
      <Under alert={alert} />
    </Link>
  );
}

/** The second half of the line: its class, whether it pages and why, what became of earlier ones, what to do first. */
function Under({ alert }: { alert: Alert }) {
  const paging = pagingWords(alert.paging);
  const parts = [alert.class ?? null, quietWords(alert), paging, beforeWords(alert.before)].filter(Boolean);
  const first = actionWords(alert);
  if (parts.length === 0 && !first) return null;
  return (
    <span className="alert-under muted">
      <bdi>{parts.join(" · ")}</bdi>
      {first && (
        <span className="alert-first">
          First: <bdi>{first}</bdi>
        </span>
      )}
    </span>
  );
}
