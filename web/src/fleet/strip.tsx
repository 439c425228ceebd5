/** The population in one line: who lives, and the pace of tokens and money. */

import type { Fleet, Lifecycle } from "../api/types";
import type { Concentration } from "../api/watched";
import { Sparkline } from "../parts/charts";
import { Mark } from "../parts/icons";
import { Link, useHere } from "../url/navigation";
import { count, dollars, percent, short } from "../words/numbers";
import { concentrationWords, whereWords } from "../words/watched";
import { runsLink } from "./links";
import { type Pace, pace, type Series } from "./pace";

const ORDER: readonly Lifecycle[] = ["running", "waiting", "stalled", "lost", "finished"];

export function Strip({ fleet, made, params }: { fleet: Fleet; made: Series; params: URLSearchParams }) {
  const speed = pace(fleet.minutes, Date.parse(fleet.now));
  return (
    <section className="strip" aria-label="Population">
      {ORDER.map((name) => (
        <Link key={name} to={runsLink(params, { lifecycle: name })} className="strip-item">
          <span className="strip-name">
            <Mark name={name} />
            {name}
          </span>
          <strong>{count(fleet.lifecycle[name])}</strong>
        </Link>
      ))}
      <span className="strip-item">
        <span className="strip-name">runs started / min</span>
        <Sparkline values={made.runs} label="Runs started per minute" />
      </span>
      <Flow
        name="tokens / min"
        value={speed && short(speed.tokensPerMinute)}
        note={knownOf(fleet.tokens.runs_known, fleet.runs, speed)}
        shared={fleet.concentration?.tokens ?? null}
        values={made.tokens}
      />
      <Flow
        name="$ / h"
        value={speed && dollars(speed.dollarsPerHour)}
        note={knownOf(fleet.cost_usd.runs_known, fleet.runs, speed)}
        shared={fleet.concentration?.cost_usd ?? null}
      />
    </section>
  );
}

/** From how many runs the number comes, and over which time: a pace without them would look exact. */
function knownOf(known: number, all: number, speed: Pace | null): string {
  if (!speed) return "no complete minute yet";
  const share = all > 0 ? percent(known / all) : "0 %";
  return `${share} of runs report, last ${speed.minutes} min`;
}

type FlowProps = { name: string; value: string | null; note: string; values?: number[]; shared: Concentration | null };

function Flow({ name, value, note, values, shared }: FlowProps) {
  return (
    <span className="strip-item">
      <span className="strip-name">{name}</span>
      <span>
        <strong>{value ?? "—"}</strong> {values && <Sparkline values={values} label={`${name}, per minute`} />}
        {shared && shared.cohorts > 0 && <Shared of={shared} />}
      </span>
      <span className="muted strip-note">{note}</span>
    </span>
  );
}

/** Which cohorts make most of it, the largest first; each leads to its runs. */
function Shared({ of }: { of: Concentration }) {
  const { params } = useHere();
  const first = of.top[0];
  const words = concentrationWords(of);
  if (!first) return <span className="muted"> ({words})</span>;
  const keys = Object.fromEntries(Object.entries(first.keys).map(([name, value]) => [name, value ?? ""]));
  const list = of.top.map((one) => `${percent(one.share)} ${whereWords(one.keys)}`).join("\n");
  return (
    <Link to={runsLink(params, keys)} className="shared" title={list}>
      ({words})
    </Link>
  );
}
