/** Runs to open, side by side with a healthy one that is like them. */

import { useRun } from "../api/queries";
import type { Run } from "../api/types";
import type { Exemplar, ExemplarRole } from "../api/watched";
import { Mark, StateMark } from "../parts/icons";
import { Link, useHere } from "../url/navigation";
import { linkTo, runPath } from "../url/place";
import { costValue, count, dollars, tokensText, UNKNOWN } from "../words/numbers";
import { errorWord } from "../words/run";
import { duration } from "../words/time";
import { differs } from "./differs";

const ROLE_WORDS: Record<ExemplarRole, string> = {
  medoid: "most typical",
  worst: "worst",
  boundary: "closest to healthy",
  healthy: "healthy, for comparison",
};

export function Exemplars({ list, selected }: { list: readonly Exemplar[]; selected?: string | null }) {
  const shown = list.slice(0, 5);
  const runs = useRuns(shown);
  if (shown.length === 0) return <p className="muted">No run to show: the runs behind this are not stored any more.</p>;
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label="Exemplars, scrolls sideways">
      <table className="dense exemplars">
        <thead>
          <tr>
            <th scope="col">
              <span className="off-screen">fact</span>
            </th>
            {shown.map((one) => (
              <Head key={one.run_id} exemplar={one} selected={one.run_id === selected} />
            ))}
          </tr>
        </thead>
        <tbody>
          {FACTS.map((fact) => (
            <tr key={fact.name}>
              <th scope="row">{fact.name}</th>
              {shown.map((one, i) => (
                <Cell key={one.run_id} fact={fact} run={runs[i]} healthy={healthyOf(shown, runs, i)} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The healthy run that stands after a run is like it; where none does, the first one. A healthy run is compared with nothing. */
function healthyOf(list: readonly Exemplar[], runs: readonly (Run | undefined)[], i: number): Run | undefined {
  if (list[i]?.role === "healthy") return undefined;
  const own = list[i + 1]?.role === "healthy" ? i + 1 : list.findIndex((one) => one.role === "healthy");
  return runs[own];
}

const ID_MAX = 40;

/** Ids of one producer often begin and end alike, so all of it, unless it is a text. */
function shortId(id: string): string {
  return id.length > ID_MAX ? `${id.slice(0, ID_MAX)}…` : id;
}

/** Five questions always, since hooks may not come and go; an absent one is not asked. */
function useRuns(list: readonly Exemplar[]): (Run | undefined)[] {
  const at = (i: number) => list[i]?.run_id ?? "";
  const answers = [
    useRun(at(0), at(0) !== ""),
    useRun(at(1), at(1) !== ""),
    useRun(at(2), at(2) !== ""),
    useRun(at(3), at(3) !== ""),
    useRun(at(4), at(4) !== ""),
  ];
  return answers.map((answer) => answer.data);
}

function Head({ exemplar, selected }: { exemplar: Exemplar; selected: boolean }) {
  const { params } = useHere();
  return (
    <th scope="col" className={selected ? "exemplar-head selected" : "exemplar-head"} data-id={exemplar.run_id}>
      <span className="state">
        <Mark name={exemplar.role === "healthy" ? "ok" : "error"} />
        {ROLE_WORDS[exemplar.role]}
      </span>
      <Link to={linkTo(runPath(exemplar.run_id), params)} className="exemplar-open" title={exemplar.run_id}>
        open run {shortId(exemplar.run_id)}
      </Link>
      <span className="muted exemplar-why">{exemplar.because}</span>
    </th>
  );
}

interface Fact {
  name: string;
  show: (run: Run) => React.ReactNode;
  /** A number is compared as a ratio, a text as equal or not. */
  compare: (run: Run) => number | string | null;
}

const parts = (run: Run) => [run.agent, run.prompt_version, run.model].filter((one) => one !== null);
const identity = (run: Run) => parts(run).join(" · ") || UNKNOWN;

/** Each name apart, so that one cannot turn the direction of the others. */
function Identity({ run }: { run: Run }) {
  if (parts(run).length === 0) return UNKNOWN;
  return parts(run).map((one, i) => (
    <span key={one}>
      {i > 0 && " · "}
      <bdi>{one}</bdi>
    </span>
  ));
}

const tools = (run: Run) => Object.keys(run.tools).sort().join(", ") || "none";
const amount = (name: string, value: (run: Run) => number | null, text: (run: Run) => string): Fact => ({
  ...{ name, show: text, compare: value },
});

const FACTS: readonly Fact[] = [
  { name: "ended", show: (run) => <StateMark run={run} />, compare: (run) => run.status },
  {
    name: "error",
    show: (run) => (run.error_class ? errorWord(run.error_class) : "none"),
    compare: (run) => run.error_class,
  },
  { name: "identity", show: (run) => <Identity run={run} />, compare: identity },
  amount(
    "duration",
    (run) => run.duration_s,
    (run) => duration(run.duration_s),
  ),
  amount(
    "model calls",
    (run) => run.model_calls,
    (run) => count(run.model_calls),
  ),
  amount(
    "tool calls",
    (run) => run.tool_calls,
    (run) => count(run.tool_calls),
  ),
  amount(
    "errors inside",
    (run) => run.errors,
    (run) => count(run.errors),
  ),
  amount(
    "tokens",
    (run) => run.tokens.total,
    (run) => tokensText(run.tokens),
  ),
  amount(
    "cost",
    (run) => costValue(run.cost_usd),
    (run) => dollars(costValue(run.cost_usd)),
  ),
  { name: "tools", show: tools, compare: tools },
];

function Cell({ fact, run, healthy }: { fact: Fact; run: Run | undefined; healthy: Run | undefined }) {
  if (!run) return <td className="muted">…</td>;
  const other = healthy && differs(fact.compare(run), fact.compare(healthy));
  return (
    <td className={other ? "strong other" : ""}>
      {fact.show(run)}
      {other && <span className="off-screen"> (differs from the healthy run)</span>}
    </td>
  );
}
