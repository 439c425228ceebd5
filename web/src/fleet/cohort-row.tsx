/** One cohort: how often it fails and how sure that is, tokens, money, what moved; unfolded, its signals over time. */

import type { Cohort } from "../api/types";
import type { Stream } from "../api/watched";
import { Curve, RateCell } from "../parts/charts";
import { EvidenceCell } from "../parts/evidence";
import { Link, setParams, useHere } from "../url/navigation";
import { linkTo, signalPath } from "../url/place";
import { count, dollars, ENOUGH_RUNS, plural, short } from "../words/numbers";
import { movedText, streamSentence } from "../words/watched";
import { CohortSignals } from "./cohort-signals";
import { cohortLink } from "./links";
import { failingOf, movedOf, rowId, rowWords } from "./streams";

type RowProps = {
  cohort: Cohort;
  before: Cohort | undefined;
  by: readonly string[];
  top: number;
  streams: readonly Stream[];
  failing: readonly Stream[];
  selected: boolean;
  open: boolean;
};

export function CohortRow(props: RowProps) {
  const { cohort, by, streams, failing, selected, open } = props;
  const id = rowId(cohort);
  const words = rowWords(cohort);
  return (
    <>
      <tr className={selected ? "selected" : ""} aria-current={selected ? "true" : undefined}>
        <td>
          <button
            type="button"
            className="plain caret"
            aria-expanded={open}
            aria-label={`Signals of ${words}`}
            onClick={() => setParams({ row: id, open: open ? null : id }, { replace: true })}
          >
            {open ? "▾" : "▸"}
          </button>
        </td>
        {by.map((name, i) => (
          <td key={name} className={i === 0 ? "strong key" : "key"} title={cohort.keys[name] ?? undefined}>
            {cohort.keys[name] ? <bdi>{cohort.keys[name]}</bdi> : <span className="muted">not known</span>}
          </td>
        ))}
        <Numbers {...props} />
      </tr>
      {open && (
        <tr className="unfolded">
          <td colSpan={by.length + 8}>
            <CohortSignals cohort={cohort} streams={streams} failing={failing} />
          </td>
        </tr>
      )}
    </>
  );
}

function Numbers({ cohort, before, top, streams, failing }: RowProps) {
  const { params } = useHere();
  const to = (extra: Record<string, string>) => cohortLink(cohort, params, extra);
  const judge = failingOf(cohort.keys, failing);
  const known = `${cohort.tokens.runs_known} of ${cohort.runs} runs reported tokens`;
  return (
    <>
      <td className="num">
        <Link to={to({})}>{count(cohort.runs)}</Link>
      </td>
      <td className="num">
        {cohort.live > 0 ? <Link to={to({ lifecycle: "running" })}>{count(cohort.live)}</Link> : "0"}
      </td>
      <td>
        <Link to={to({ has: "failed" })} className="quiet">
          <Failing cohort={cohort} judge={judge} top={top} />
        </Link>
      </td>
      <td>{judge && <EvidenceLink of={judge} />}</td>
      <td className="num" title={known}>
        <Link to={to({ sort: "tokens_total" })} className="quiet with-spark">
          {cohort.series && <Curve values={cohort.series.tokens_per_run} />}
          <Moved before={before?.tokens.p50} now={cohort.tokens.p50} text={short} />
        </Link>
      </td>
      <td className="num">
        <Link to={to({ has: "succeeded", sort: "cost_usd" })} className="quiet">
          <Moved before={before?.cost_per_success_usd} now={cohort.cost_per_success_usd} text={dollars} />
        </Link>
      </td>
      <td>
        <MovedSignals streams={movedOf(cohort.keys, streams)} />
      </td>
    </>
  );
}

/** With too few runs the cell says how many more it takes, where the watch can tell. */
function Failing({ cohort, judge, top }: { cohort: Cohort; judge: Stream | undefined; top: number }) {
  const rate = cohort.failing;
  if (rate !== null && rate.n < ENOUGH_RUNS && judge?.runs_needed)
    return (
      <span className="insufficient">
        {plural(rate.n, "run")}, {count(judge.runs_needed)} more to see a change
      </span>
    );
  return <RateCell rate={rate} top={top} />;
}

function EvidenceLink({ of }: { of: Stream }) {
  const { params } = useHere();
  return (
    <Link to={linkTo(signalPath(of.stream_id), params)} className="quiet" title={streamSentence(of)}>
      <EvidenceCell of={of} width={56} />
    </Link>
  );
}

type MovedProps = { before: number | null | undefined; now: number | null; text: (value: number | null) => string };

/** A change of less than a hundredth is none. */
function Moved({ before, now, text }: MovedProps) {
  const moved = typeof before === "number" && now !== null && Math.abs(now - before) > 0.01 * Math.abs(before);
  return (
    <>
      {moved && <span className="muted">{text(before)} → </span>}
      <span className="rate-value">{text(now)}</span>
    </>
  );
}

const NAMED = 1;

function MovedSignals({ streams }: { streams: readonly Stream[] }) {
  const { params } = useHere();
  const named = [...new Map(streams.map((one) => [one.signal, one])).values()];
  return (
    <span className="moved-signals">
      {named.slice(0, NAMED).map((one) => (
        <Link
          key={one.stream_id}
          to={linkTo(signalPath(one.stream_id), params)}
          className={`moved-${one.state}`}
          title={`${one.title} ${movedText(one)}`}
        >
          {one.title} ▲
        </Link>
      ))}
      {named.length > NAMED && <span className="muted">+{named.length - NAMED}</span>}
    </span>
  );
}
