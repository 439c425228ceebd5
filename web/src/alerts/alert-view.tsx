/** One alert: the sentence, how sure, the chart of each joined signal, slices, contrast, runs to open, what happened. Keys: j k Enter c. */

import { useState } from "react";
import { useAlert } from "../api/watch-queries";
import type { Alert, AlertEvent, Exemplar } from "../api/watched";
import { chosenOf, groupOf, oldOf } from "../contrast/ask";
import { Exemplars } from "../contrast/exemplars";
import { ChosenPanel, ContrastOf, HowChoice } from "../contrast/panel";
import { Awaiting, Failure } from "../parts/feedback";
import { Mark } from "../parts/icons";
import { useKeys } from "../parts/keys";
import { useListKeys } from "../parts/list-keys";
import { useNow } from "../parts/now";
import { ALERT_MARKS } from "../signals/state-mark";
import { go, Link, setParams, useHere } from "../url/navigation";
import { linkTo, runPath } from "../url/place";
import { firstAction, sinceWords } from "../words/alerts";
import { dollars, tight } from "../words/numbers";
import { ago, moment } from "../words/time";
import { ClosePanel } from "./close-panel";
import { Findings } from "./findings";
import { Slices } from "./slices";

export function AlertView({ alertId }: { alertId: string }) {
  const { params } = useHere();
  const answer = useAlert(alertId);
  if (answer.data) return <Shown alert={answer.data} stale={answer.error} />;
  if (answer.error) return <Failure error={answer.error} retry={() => answer.refetch()} />;
  return (
    <div className="view alert">
      <Link to={linkTo("/alerts", params)} className="crumb">
        All alerts
      </Link>
      <h1 className="off-screen">Alert</h1>
      <Awaiting what="this alert" lines={16} />
    </div>
  );
}

function Shown({ alert, stale }: { alert: Alert; stale: unknown }) {
  const { params } = useHere();
  const [closing, setClosing] = useState(false);
  const exemplars = exemplarsOf(alert);
  const open = alert.state !== "resolved";
  const ids = exemplars.map((one) => one.run_id);
  const selected = params.get("run") ?? ids[0] ?? null;
  useListKeys({
    ...{ ids, selected, select: (id) => setParams({ run: id }, { replace: true }) },
    open: (id) => go(linkTo(runPath(id), params)),
  });
  useKeys({ c: () => open && setClosing(true), Escape: () => setClosing(false) });
  return (
    <div className="view alert">
      <Link to={linkTo("/alerts", params)} className="crumb">
        All alerts
      </Link>
      <h1 className="alert-title">{tight(alert.title)}</h1>
      {stale ? <Failure error={stale} /> : null}
      <StateLine alert={alert} close={() => setClosing(true)} />
      {closing && open && <ClosePanel alert={alert} done={() => setClosing(false)} />}
      {alert.resolution && (
        <p className="caveat">
          {open ? "It was closed before: " : "Over: "}
          <bdi>{alert.resolution}</bdi>
        </p>
      )}
      <Findings findings={alert.findings} />
      <Slices slices={alert.findings[0]?.slices ?? []} />
      <section aria-labelledby="exemplars-title">
        <div className="section-head">
          <h2 id="exemplars-title">Runs to open</h2>
          <span className="muted key-hint">
            <kbd>j</kbd> <kbd>k</kbd> choose, <kbd>↵</kbd> open
          </span>
        </div>
        <Exemplars list={exemplars} selected={selected} />
      </section>
      <Different alert={alert} />
      <Events events={alert.events ?? []} />
    </div>
  );
}

/** Where the server chose none (facts about live runs), the runs that the finding names, the worst first. */
function exemplarsOf(alert: Alert): Exemplar[] {
  if (alert.exemplars && alert.exemplars.length > 0) return alert.exemplars;
  const ids = [...new Set(alert.findings.flatMap((one) => one.run_ids))].slice(0, 3);
  return ids.map((run_id) => ({ role: "worst", run_id, because: "named by the finding" }));
}

function StateLine({ alert, close }: { alert: Alert; close: () => void }) {
  const { params } = useHere();
  const now = useNow();
  const action = firstAction(alert);
  return (
    <p className="state-line">
      <span className={`state alert-${alert.state}`}>
        <Mark name={ALERT_MARKS[alert.state]} />
        <strong>{alert.state}</strong>
      </span>
      <span title={moment(alert.fired_at ?? alert.opened_at)}>{sinceWords(alert, now)}</span>
      {alert.wasted_usd !== null && <span>{dollars(alert.wasted_usd)} wasted so far</span>}
      <span className="top-gap" />
      {action && (
        <Link to={linkTo(runPath(action.runId), params)} className="button">
          First: {action.words}
        </Link>
      )}
      {alert.state !== "resolved" && (
        <button type="button" onClick={close}>
          Close… <kbd>c</kbd>
        </button>
      )}
    </p>
  );
}

const BEFORE_MS = 1800000;

/** Half an hour before it was seen, to its end: long enough to hold what was normal. */
function boundsOf(alert: Alert): { since: string; until: string | null } {
  return { since: new Date(Date.parse(alert.opened_at) - BEFORE_MS).toISOString(), until: alert.resolved_at };
}

function Different({ alert }: { alert: Alert }) {
  const { params } = useHere();
  const chosen = chosenOf(params);
  const group = groupOf(alert.where);
  const bounds = boundsOf(alert);
  if (chosen) return <ChosenPanel chosen={{ ...chosen, group }} bounds={bounds} />;
  const how = params.get("how") === "failed" || group.length === 0 ? "failed" : "these";
  const led = alert.findings[0];
  const old = led ? oldOf(led) : null;
  return (
    <section aria-labelledby="contrast-title">
      <div className="section-head">
        <h2 id="contrast-title">What is different about these runs</h2>
        {group.length > 0 && <HowChoice how={how} other={led?.deploy && (led.deploy.old ?? "those without it")} />}
      </div>
      <ContrastOf
        chosen={{ picked: null, group, how, ...(old ? { against: old } : {}) }}
        bounds={bounds}
        exemplars={false}
      />
    </section>
  );
}

function Events({ events }: { events: readonly AlertEvent[] }) {
  const now = useNow(5000);
  if (events.length === 0) return null;
  return (
    <section aria-labelledby="events-title">
      <h2 id="events-title">What happened</h2>
      <ol className="events">
        {[...events].reverse().map((event, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: events have no id and are only added
          <li key={`${event.at} ${event.what} ${i}`}>
            <span className="muted" title={moment(event.at)}>
              {ago(event.at, now)}
            </span>
            <strong>{event.what.replaceAll("_", " ")}</strong>
            <bdi>{event.words}</bdi>
            {event.by && (
              <span className="muted">
                by <bdi>{event.by}</bdi>
              </span>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
