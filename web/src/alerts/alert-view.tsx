/** One alert: the sentence, how sure, the chart of each joined signal, slices, contrast, runs to open, what happened. Keys: j k Enter, d p f i s. */

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
import { actionWords, firstAction, sinceWords } from "../words/alerts";
import { capital, dollars, tight } from "../words/numbers";
import { CLASS_WORDS, pagingWords, quietWords } from "../words/oncall";
import { ago, moment } from "../words/time";
import { ACTS, actKeys, type PanelName, panelOf, takes } from "./acts";
import { AlertPanel } from "./alert-panel";
import { Findings } from "./findings";
import { History } from "./history";
import { Probes } from "./probe-panel";
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
  const exemplars = exemplarsOf(alert);
  const open = alert.state !== "resolved";
  const panel = panelOf(params.get("panel"), alert);
  const show = (name: PanelName | null) => {
    if (name === null || takes(alert, name)) setParams({ panel: name }, { replace: true });
  };
  const ids = exemplars.map((one) => one.run_id);
  const selected = params.get("run") ?? ids[0] ?? null;
  useListKeys({
    ...{ ids, selected, select: (id) => setParams({ run: id }, { replace: true }) },
    open: (id) => go(linkTo(runPath(id), params)),
  });
  useKeys({ ...actKeys(show), Escape: () => show(null) });
  return (
    <div className="view alert">
      <Link to={linkTo("/alerts", params)} className="crumb">
        All alerts
      </Link>
      <h1 className="alert-title">{tight(alert.title)}</h1>
      {stale ? <Failure error={stale} /> : null}
      <StateLine alert={alert} />
      <OnCallLine alert={alert} />
      <Acts alert={alert} chosen={panel} show={show} />
      {panel && <AlertPanel alert={alert} panel={panel} done={() => show(null)} />}
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
      {panel !== "probe" && <Probes alertId={alert.alert_id} titled />}
      <History alert={alert} />
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

function StateLine({ alert }: { alert: Alert }) {
  const now = useNow();
  return (
    <p className="state-line">
      <span className={`state alert-${alert.state}`}>
        <Mark name={ALERT_MARKS[alert.state]} />
        <strong>{alert.state}</strong>
      </span>
      <span title={moment(alert.fired_at ?? alert.opened_at)}>{sinceWords(alert, now)}</span>
      {alert.wasted_usd !== null && <span>{dollars(alert.wasted_usd)} wasted so far</span>}
      {alert.class && <span>{CLASS_WORDS[alert.class] ?? alert.class}</span>}
      {quietWords(alert) && <strong>{quietWords(alert)}</strong>}
    </p>
  );
}

/** Whether it pages and why, and which part of the identity is suspected. */
function OnCallLine({ alert }: { alert: Alert }) {
  const parts = [pagingWords(alert.paging), alert.suspect ? `suspected: ${alert.suspect}` : null].filter(Boolean);
  if (parts.length === 0) return null;
  return (
    <p className="muted">
      <bdi>{capital(parts.join("; "))}</bdi>
    </p>
  );
}

type ActsProps = { alert: Alert; chosen: PanelName | null; show: (name: PanelName | null) => void };

function Acts({ alert, chosen, show }: ActsProps) {
  return (
    <div className="acts" role="group" aria-label="What to do">
      <First alert={alert} />
      {ACTS.filter((one) => takes(alert, one.name)).map((one) => (
        <button
          type="button"
          key={one.name}
          aria-pressed={one.name === chosen}
          onClick={() => show(one.name === chosen ? null : one.name)}
        >
          {one.name === "snooze" && alert.snoozed_until ? "Wake" : one.words} <kbd>{one.key}</kbd>
        </button>
      ))}
    </div>
  );
}

/** What the server names as the first action; it leads where it says, and to the most typical run where it says nothing. */
function First({ alert }: { alert: Alert }) {
  const { params } = useHere();
  const run = firstAction(alert);
  const words = actionWords(alert);
  const link = alert.first_action?.link;
  if (words === null) return null;
  if (link && /^https?:/.test(link))
    return (
      <a href={link} className="button first" rel="noreferrer" target="_blank">
        First: <bdi>{words}</bdi>
      </a>
    );
  if (run === null) return <span>First: {words}</span>;
  return (
    <Link to={linkTo(runPath(run.runId), params)} className="button first">
      First: <bdi>{words}</bdi>
    </Link>
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
