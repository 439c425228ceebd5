/** Limits: each provider account as gauges, who waits for what until when, what was turned away, retries, breakers. */

import type { Account, Lane, Limits } from "../api/limits";
import { useLimits } from "../api/limits";
import { useHealth } from "../api/queries";
import { Section, Table } from "../health/section";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { Mark } from "../parts/icons";
import { useNow } from "../parts/now";
import { Facts } from "../runs/facts";
import {
  breakerWords,
  limitsSentence,
  retryWords,
  tenantsWords,
  turnedAway,
  untilWords,
  unused,
  waitsFor,
} from "../words/limits";
import { count, plural, short, UNKNOWN } from "../words/numbers";
import { clock, duration } from "../words/time";
import { ApprovalQueue } from "./approvals";
import { Estimates } from "./estimates";
import { Gauges } from "./gauges";
import { Connect } from "./teach";

/** What needs an answer first, then what is used, then what is expected. */
export function LimitsView() {
  return (
    <div className="limits-page">
      <div className="view limits">
        <ApprovalQueue />
      </div>
      <Accounts />
      <div className="view limits">
        <Estimates />
      </div>
    </div>
  );
}

function Accounts() {
  const health = useHealth();
  const gateway = health.data?.endpoints.gateway ?? null;
  const answer = useLimits(gateway !== null);
  if (health.data && gateway === null) return <Connect gateway={null} />;
  const error = answer.error ?? (health.data ? null : health.error);
  if (!answer.data)
    return error ? (
      <Failure error={error} retry={() => answer.refetch()} />
    ) : (
      <Awaiting what="the provider accounts" lines={12} />
    );
  const limits = answer.data;
  if (limits.items.length === 0 || unused(limits)) return <Connect gateway={gateway} limits={limits} />;
  return (
    <div className="view limits">
      <h1 className="in-words">{limitsSentence(limits)}</h1>
      {answer.error ? <Failure error={answer.error} /> : null}
      <Stops limits={limits} />
      {limits.items.map((one) => (
        <AccountSection account={one} key={one.account} />
      ))}
    </div>
  );
}

function Stops({ limits }: { limits: Limits }) {
  const now = useNow(5000);
  if (limits.stops.length === 0) return null;
  return (
    <Section title="Stopped" note={`the watch asked for it; ${plural(limits.stop_refused, "call")} refused so far`}>
      <ul className="findings">
        {limits.stops.map((one) => (
          <li key={JSON.stringify(one.where)}>
            <Mark name="error" />{" "}
            {Object.entries(one.where)
              .map(([key, value]) => `${key} ${value}`)
              .join(", ")}
            : {one.reason}, until {clock(one.until, now)}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function AccountSection({ account }: { account: Account }) {
  const bound = account.in_flight_max === null ? "" : ` of at most ${count(Math.floor(account.in_flight_max))}`;
  return (
    <Section
      title={account.account === "*" ? "Every model" : account.account}
      note={`${account.meter}, ${plural(account.in_flight, "call")} in flight${bound}`}
    >
      {account.blocked && (
        <p className="blocked">
          <Mark name="stalled" /> Nothing goes out: it waits for {waitsFor(account)}
          {account.blocked.ends_in_s === null ? "" : `, ${duration(account.blocked.ends_in_s)} more`}.
        </p>
      )}
      <Keeping account={account} />
      <Gauges account={account} />
      <Queue account={account} />
      <div className="health-columns">
        <Past account={account} />
        <Breakers account={account} />
      </div>
    </Section>
  );
}

function Keeping({ account }: { account: Account }) {
  const keeping = account.keeping;
  if (!keeping || (keeping.processes < 2 && keeping.fail === null)) return null;
  const shared = `One ledger for ${plural(keeping.processes, "process", "processes")}, kept at ${keeping.place}.`;
  if (keeping.lost_for_s === null) return <p className="muted">{shared}</p>;
  return (
    <p className="blocked">
      <Mark name="error" /> {shared} It has not answered for {duration(keeping.lost_for_s)}:{" "}
      {keeping.fail === "open"
        ? "each process goes on with its part of every limit"
        : "calls beyond what was leased wait"}
      .
    </p>
  );
}

/** The queue as lanes: the longest is as wide as there is room. */
function Queue({ account }: { account: Account }) {
  const longest = Math.max(1, ...account.lanes.map((one) => one.calls));
  return (
    <>
      <Table
        label={`Lanes of ${account.account}`}
        heads={[
          ["lane", "text"],
          ["waiting", "num"],
          ["", "text"],
          ["tokens", "num"],
          ["who", "text"],
          ["for what", "text"],
          ["a new call would start", "text"],
        ]}
      >
        {account.lanes.map((lane) => (
          <LaneRow key={lane.lane} lane={lane} account={account} longest={longest} />
        ))}
      </Table>
      {account.held_back.length > 0 && (
        <p className="muted">
          Held back by their own share:{" "}
          {account.held_back.map((one) => `${one.scope.replace(":", " ")} ${count(one.calls)}`).join(", ")}.
        </p>
      )}
    </>
  );
}

function LaneRow({ lane, account, longest }: { lane: Lane; account: Account; longest: number }) {
  const waits = lane.calls > 0;
  return (
    <tr>
      <td>{lane.lane}</td>
      <td className="num">{count(lane.calls)}</td>
      <td>
        <svg className="lane-bar" viewBox="0 0 120 10" width="120" height="10" aria-hidden="true">
          <rect className="fill-whole" width="120" height="10" />
          <rect className="lane-part" width={(lane.calls / longest) * 120} height="10" />
        </svg>
      </td>
      <td className="num">{short(lane.tokens)}</td>
      <td>{waits ? tenantsWords(lane) : <span className="muted">nobody</span>}</td>
      <td>{waits ? waitsFor(account) : ""}</td>
      <td>{untilWords(lane)}</td>
    </tr>
  );
}

function Past({ account }: { account: Account }) {
  const shed = account.shed.map((one) => [`turned away: ${turnedAway(one.reason)}`, count(one.calls)] as const);
  const cut = account.cut_answers === 0 ? [] : [["cut at our cap", count(account.cut_answers)] as const];
  return (
    <div>
      <h3>Since the start</h3>
      <Facts
        facts={[
          ["answers", count(account.answers)],
          ...cut,
          ["refused by the provider (429)", count(account.refused_by_provider)],
          ["retries", retryWords(account)],
          ...(shed.length === 0 ? [["turned away", "none"] as const] : shed),
        ]}
      />
    </div>
  );
}

const BREAKER_MARK = { closed: "ok", half_open: "waiting", open: "error" } as const;

function Breakers({ account }: { account: Account }) {
  return (
    <div>
      <h3>Breakers</h3>
      {account.breakers.length === 0 && <Nothing>None.</Nothing>}
      <ul className="breakers">
        {account.breakers.map((one) => (
          <li key={one.failure}>
            <Mark name={BREAKER_MARK[one.state]} /> {one.failure}: {breakerWords(one)}
          </li>
        ))}
        <li className="muted">
          first token after {account.first_token_s === null ? UNKNOWN : duration(account.first_token_s)}
        </li>
      </ul>
    </div>
  );
}
