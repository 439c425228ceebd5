/** What is different about these runs: attributes and steps with both shares, the most telling first, and runs to open. */

import { useId } from "react";
import { useContrast } from "../api/watch-queries";
import type { Contrast, Difference } from "../api/watched";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { unsetWord } from "../runs/filter";
import { Link, setParams, useHere } from "../url/navigation";
import { linkTo } from "../url/place";
import { count, percent, plural } from "../words/numbers";
import { type Chosen, chosenWords, contrastQuery, type How, isNews } from "./ask";
import { Exemplars } from "./exemplars";

type Bounds = { since: string | null; until: string | null };

/** The panel of what the reader chose; closing it lets the choice go. */
export function ChosenPanel({ chosen, bounds }: { chosen: Chosen; bounds: Bounds }) {
  const { picked } = chosen;
  const iso = (ms: number) => new Date(ms).toISOString();
  return (
    <section className="contrast-panel" aria-label="Contrast">
      <div className="section-head">
        <h2>What is different about {chosenWords(chosen)}</h2>
        <HowChoice how={chosen.how} />
        <span className="top-gap" />
        {picked && (
          <button
            type="button"
            onClick={() => setParams({ since: iso(picked.fromMs), until: iso(picked.toMs), sel: null })}
          >
            Freeze the page at this range
          </button>
        )}
        <button
          type="button"
          onClick={() => setParams({ sel: null, group: null, how: null })}
          aria-label="Close the contrast"
        >
          ✕
        </button>
      </div>
      <ContrastOf chosen={chosen} bounds={bounds} />
    </section>
  );
}

const HOW_WORDS: Record<How, string> = { these: "these against the rest", failed: "failed among these" };

/** `other`: what these are held against, where it is not the rest. */
export function HowChoice({ how, other }: { how: How; other?: string | null | undefined }) {
  return (
    <span className="group-by" role="group" aria-label="Compared">
      {(["these", "failed"] as const).map((one) => (
        <button
          type="button"
          key={one}
          className="chip"
          aria-pressed={one === how}
          onClick={() => setParams({ how: one === "failed" ? one : null }, { replace: true })}
        >
          {one === "these" && other ? `these against ${other}` : HOW_WORDS[one]}
        </button>
      ))}
    </span>
  );
}

export function ContrastOf({
  chosen,
  bounds,
  exemplars = true,
}: {
  chosen: Chosen;
  bounds: Bounds;
  exemplars?: boolean;
}) {
  const answer = useContrast(contrastQuery(chosen, bounds), true);
  if (!answer.data)
    return answer.error ? (
      <Failure error={answer.error} retry={() => answer.refetch()} />
    ) : (
      <Awaiting what="the contrast" lines={8} />
    );
  return (
    <>
      <Differences contrast={answer.data} chosen={chosen} />
      {exemplars && answer.data.exemplars && answer.data.exemplars.length > 0 && (
        <>
          <h3>Runs to open</h3>
          <Exemplars list={answer.data.exemplars} />
        </>
      )}
    </>
  );
}

const SHOWN = 12;

function Differences({ contrast, chosen }: { contrast: Contrast; chosen: Chosen }) {
  const told = contrast.items.filter((one) => isNews(one, chosen));
  const sides = `${plural(contrast.where_runs, "run")} against ${count(contrast.against_runs)}`;
  if (!contrast.enough_data)
    return (
      <Nothing>
        {sides}: not enough to compare, each side needs {contrast.runs_needed}.
      </Nothing>
    );
  if (told.length === 0)
    return (
      <Nothing>
        {sides}: nothing tells them apart beyond what they were chosen by. {plural(contrast.compared, "value")}{" "}
        compared, none differs more than chance would.
      </Nothing>
    );
  return (
    <>
      <p className="muted">
        {sides}. {plural(contrast.compared, "value")} compared, {told.length} differ more than chance would.
      </p>
      <Table rows={told.slice(0, SHOWN)} />
    </>
  );
}

function Table({ rows }: { rows: readonly Difference[] }) {
  const top = Math.max(...rows.map((row) => row.score ?? 0), 1e-9);
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Differences, scrolls sideways">
      <table className="dense contrast">
        <thead>
          <tr>
            <th scope="col">attribute or step</th>
            <th scope="col">value</th>
            <th scope="col">share of these, of the others</th>
            <th scope="col" className="num">
              lift
            </th>
            <th scope="col">difference (interval)</th>
            <th scope="col">how telling</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={`${row.key}=${row.value}`} row={row} top={top} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ row, top }: { row: Difference; top: number }) {
  const { params } = useHere();
  const to = linkTo("/runs", params, { [row.key]: row.value ?? "" });
  return (
    <tr>
      <td className="muted">{row.key.replaceAll("_", " ")}</td>
      <td className="strong">
        <Link to={to}>
          <bdi>{row.value ?? unsetWord(row.key)}</bdi>
        </Link>
      </td>
      <td>{row.where && row.against && <Shares row={row} />}</td>
      <td className="num">{row.lift === null ? "—" : `${Number(row.lift.toPrecision(2))}×`}</td>
      <td>
        {row.difference &&
          `${points(row.difference.value)} (${points(row.difference.low)} to ${points(row.difference.high)} points)`}
      </td>
      <td>{row.score !== null && <Telling share={row.score / top} words={`${percent(row.score)}`} />}</td>
    </tr>
  );
}

function points(value: number): string {
  const text = Math.abs(value * 100).toFixed(Math.abs(value) < 0.0995 ? 1 : 0);
  return `${value < 0 ? "−" : "+"}${text}`;
}

const WIDE = 64;

function Shares({ row }: { row: Difference }) {
  const one = row.where?.value ?? 0;
  const other = row.against?.value ?? 0;
  return (
    <span className="shares">
      <span className="rate-value">{percent(one)}</span>
      <svg viewBox={`0 0 ${WIDE} 12`} width={WIDE} height="12" aria-hidden="true">
        <rect className="share-one" y="1" width={Math.max(1, one * WIDE)} height="5" />
        <rect className="share-other" y="7" width={Math.max(1, other * WIDE)} height="4" />
      </svg>
      <span className="muted">
        {percent(other)}, n {count(row.where_runs)} and {count(row.against_runs)}
      </span>
    </span>
  );
}

function Telling({ share, words }: { share: number; words: string }) {
  const id = useId();
  return (
    <svg className="telling" viewBox={`0 0 ${WIDE} 8`} width={WIDE} height="8" role="img" aria-labelledby={id}>
      <title id={id}>{words}</title>
      <rect className="fill-part" width={Math.max(1, share * WIDE)} height="8" />
    </svg>
  );
}
