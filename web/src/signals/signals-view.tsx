/** Signals: every stream that is watched, the closest to its threshold first. Keys: j k Enter. */

import { useStreams } from "../api/watch-queries";
import type { Lane, Stream } from "../api/watched";
import { EvidenceCell, MovedCell } from "../parts/evidence";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { Mark } from "../parts/icons";
import { useListKeys } from "../parts/list-keys";
import { go, Link, setParams, useHere } from "../url/navigation";
import { linkTo, signalPath } from "../url/place";
import { capital, count, plural, tight, UNKNOWN } from "../words/numbers";
import {
  LANE_WORDS,
  STATE_WORDS,
  sightWords,
  streamSentence,
  streamWhere,
  valueText,
  whereWords,
} from "../words/watched";
import { PromiseLine } from "./promise";
import { STATE_MARKS } from "./state-mark";

const LANES: readonly Lane[] = ["deploy", "pooled", "cohort"];
const STATES: readonly Stream["state"][] = ["reached", "rising", "quiet", "learning"];

export function SignalsView() {
  const { params } = useHere();
  const lane = params.get("lane");
  const state = params.get("state");
  const signal = params.get("signal");
  const answer = useStreams({ lane, state, signal });
  const all = useStreams();
  const items = answer.data?.items ?? [];
  const open = (id: string) => go(linkTo(signalPath(id), params));
  useListKeys({
    ids: items.map((one) => one.stream_id),
    selected: params.get("at"),
    select: (id) => setParams({ at: id }, { replace: true }),
    open,
  });
  return (
    <div className="view signals">
      <h1 className="off-screen">Signals</h1>
      <p className="in-words">{answer.data ? tight(listWords(items, Boolean(lane || state || signal))) : "\u00a0"}</p>
      <PromiseLine promise={answer.data?.promise ?? null} />
      <Filters signals={signalsOf(all.data?.items ?? [])} lane={lane} state={state} signal={signal} />
      {answer.data ? (
        <List items={items} selected={params.get("at")} more={answer.data.next_cursor !== null} />
      ) : answer.error ? (
        <Failure error={answer.error} retry={() => answer.refetch()} />
      ) : (
        <Awaiting what="the signals" lines={16} />
      )}
    </div>
  );
}

/** The answer first: what is closest, in a sentence. */
export function listWords(items: readonly Stream[], filtered: boolean): string {
  const moved = items.filter((one) => one.state === "rising" || one.state === "reached");
  const first = moved[0];
  if (first) {
    const rest = moved.length > 1 ? ` ${plural(moved.length - 1, "other stream")} moved.` : " Nothing else moved.";
    return streamSentence(first) + rest;
  }
  if (items.length === 0) return filtered ? "No stream matches." : "Nothing is watched yet: no run has ended.";
  const judged = items.filter((one) => one.state !== "learning").length;
  const learning = items.length - judged;
  if (judged === 0)
    return `${capital(plural(learning, "stream"))} ${learning === 1 ? "learns" : "learn"} what is normal; none may raise an alarm yet.`;
  return `Nothing moved: ${plural(judged, "stream")} watched${learning > 0 ? `, ${count(learning)} more learn what is normal` : ""}.`;
}

function signalsOf(items: readonly Stream[]): [string, string][] {
  return [...new Map(items.map((one) => [one.signal, one.title]))].sort((a, b) => a[1].localeCompare(b[1]));
}

type FilterProps = { signals: [string, string][]; lane: string | null; state: string | null; signal: string | null };

function Filters({ signals, lane, state, signal }: FilterProps) {
  return (
    <div className="filters">
      <Choice name="state" chosen={state} values={STATES.map((one) => [one, STATE_WORDS[one]])} />
      <Choice name="lane" chosen={lane} values={LANES.map((one) => [one, LANE_WORDS[one]])} />
      <label>
        <span className="muted">signal </span>
        <select
          aria-label="Signal"
          value={signal ?? ""}
          onChange={(event) => setParams({ signal: event.target.value || null })}
        >
          <option value="">all</option>
          {signals.map(([name, title]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
          {signal && !signals.some(([name]) => name === signal) && <option value={signal}>{signal}</option>}
        </select>
      </label>
    </div>
  );
}

function Choice({ name, chosen, values }: { name: string; chosen: string | null; values: [string, string][] }) {
  return (
    <span className="group-by" role="group" aria-label={name}>
      <span className="muted">{name}</span>
      {values.map(([value, words]) => (
        <button
          type="button"
          key={value}
          className="chip"
          aria-pressed={chosen === value}
          onClick={() => setParams({ [name]: chosen === value ? null : value })}
        >
          {words}
        </button>
      ))}
    </span>
  );
}

function List({ items, selected, more }: { items: readonly Stream[]; selected: string | null; more: boolean }) {
  if (items.length === 0)
    return (
      <Nothing>
        No stream matches. <Link to="/fleet/signals">Show all signals</Link>
      </Nothing>
    );
  return (
    <>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Signals, scrolls sideways">
        <table className="dense streams">
          <thead>
            <tr>
              <th scope="col">state</th>
              <th scope="col">signal</th>
              <th scope="col">where</th>
              <th scope="col">evidence</th>
              <th scope="col">before → now</th>
              <th
                scope="col"
                className="num"
                title="runs that a change of the size looked for takes to reach the threshold"
              >
                takes
              </th>
              <th scope="col" className="num" title="the smallest change that as many runs again would show">
                sees
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((one) => (
              <Row key={one.stream_id} of={one} selected={one.stream_id === selected} />
            ))}
          </tbody>
        </table>
      </div>
      {more && <p className="muted">The {items.length} closest to their threshold are shown; filter to see others.</p>}
    </>
  );
}

function Row({ of, selected }: { of: Stream; selected: boolean }) {
  const { params } = useHere();
  const to = linkTo(signalPath(of.stream_id), params);
  return (
    <tr className={selected ? "selected" : ""} data-id={of.stream_id} aria-current={selected ? "true" : undefined}>
      <td>
        <span className="state">
          <Mark name={STATE_MARKS[of.state]} />
          {of.state}
        </span>
      </td>
      <td className="strong">
        <Link to={to}>{of.title}</Link>
      </td>
      <td className="where" title={`${LANE_WORDS[of.lane]}: ${whereWords(streamWhere(of))}`}>
        <bdi>{whereWords(streamWhere(of))}</bdi>
      </td>
      <td>
        <EvidenceCell of={of} />
      </td>
      <td>
        <MovedCell of={of} />
      </td>
      <td className="num" title={sightWords(of) ?? undefined}>
        {of.runs_needed === null || of.state === "reached" ? UNKNOWN : plural(of.runs_needed, "run")}
      </td>
      <td className="num" title={sightWords(of) ?? undefined}>
        {of.sees === null ? UNKNOWN : `≥ ${valueText(of.sees, of)}`}
      </td>
    </tr>
  );
}
