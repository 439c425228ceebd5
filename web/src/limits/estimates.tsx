/** Estimates: whether promises held, by agent and model; and what a task would take before it is begun. */

import { type FormEvent, useState } from "react";
import { ProblemError } from "../api/client";
import {
  type Calibrated,
  type Calibration,
  type Coverage,
  LEVELS,
  QUANTITIES,
  type TaskEstimate,
} from "../api/promised";
import { usePolled, useProject } from "../api/queries";
import { Section, Table } from "../health/section";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { Mark } from "../parts/icons";
import { Link, setParams, useHere } from "../url/navigation";
import { linkTo } from "../url/place";
import { calibrationSentence, coverageTitle, estimateSentence, fitsWords, gainWords } from "../words/estimates";
import { count, percent, plural, UNKNOWN } from "../words/numbers";
import { amount, QUANTITY_WORDS } from "../words/promised";

export function Estimates() {
  return (
    <>
      <CalibrationSection />
      <AskSection />
    </>
  );
}

function CalibrationSection() {
  const since = useHere().params.get("since") ?? "-7d";
  const answer = usePolled<Calibration>("estimates/calibration", { project: useProject(), since }, { floorS: 15 });
  if (answer.error instanceof ProblemError && answer.error.problem.status === 404) return null;
  const note = "share of runs at or below each promised level";
  return (
    <Section title="Promises kept" note={note}>
      {answer.data ? (
        <Cohorts found={answer.data} />
      ) : answer.error ? (
        <Failure error={answer.error} retry={() => answer.refetch()} />
      ) : (
        <Awaiting what="the promises" lines={4} />
      )}
    </Section>
  );
}

function Cohorts({ found }: { found: Calibration }) {
  const { params } = useHere();
  if (found.items.length === 0)
    return (
      <Nothing>No run that was promised anything has ended in this time. Promises begin with the first runs.</Nothing>
    );
  return (
    <>
      <p>{calibrationSentence(found)}</p>
      <Table
        label="Promises kept"
        heads={[
          ["agent", "text"],
          ["model", "text"],
          ["runs", "num"],
          ["half", "text"],
          ["90 %", "text"],
          ["99 %", "text"],
          ["against a constant", "text"],
          ["drift", "text"],
        ]}
      >
        {found.items.map((one) => (
          <tr key={`${one.agent} ${one.model}`}>
            <td>
              <Link to={linkTo("/runs", params, { agent: one.agent ?? "", model: one.model ?? "", has: "estimated" })}>
                {one.agent ?? "not known"}
              </Link>
            </td>
            <td>{one.model ?? "not known"}</td>
            <td className="num" title={`${plural(one.censored, "run")} known only from below`}>
              {count(one.n)}
            </td>
            {LEVELS.map((level) => (
              <td key={level}>
                <CoverageCell level={Number(level)} found={one.coverage[level]} />
              </td>
            ))}
            <td>{gainWords(one)}</td>
            <td>
              <Drift one={one} />
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}

const BAR = 72;

/** The interval as a whisker, the promised level as a line: where they part, the promise did not hold. */
function CoverageCell({ level, found }: { level: number; found: Coverage | null }) {
  if (found === null || found.n === 0) return <span className="muted">{UNKNOWN}</span>;
  const x = (value: number) => 2 + value * (BAR - 4);
  const held = found.low <= level && level <= found.high;
  return (
    <span className="rate" title={coverageTitle(level, found)}>
      <svg
        className={held ? "whisker" : "whisker is-over"}
        viewBox={`0 0 ${BAR} 12`}
        width={BAR}
        height="12"
        aria-hidden="true"
      >
        <path className="whisker-axis" d={`M0 6H${BAR}`} />
        <path className="promise-half" d={`M${x(level)} 0v12`} />
        <path
          className="whisker-line"
          d={`M${x(found.low)} 6H${x(found.high)}M${x(found.low)} 3v6M${x(found.high)} 3v6`}
        />
        <rect className="whisker-point" x={x(found.share) - 2} y="3" width="4" height="6" />
      </svg>
      <span className={held ? "" : "over"}>{percent(found.share)}</span>
      <span className="muted rate-low-high">
        {percent(found.low).replace(/ %$/, "")}–{percent(found.high)}, n {count(found.n)}
      </span>
    </span>
  );
}

function Drift({ one }: { one: Calibrated }) {
  if (one.drift === null) return <span className="muted">none seen</span>;
  return (
    <span title={one.drift.mend}>
      <Mark name="error" /> {one.drift.why}
    </span>
  );
}

const FIELDS = [
  ["agent", "agent"],
  ["model", "model"],
  ["task_key", "task key"],
  ["text", "what is asked"],
  ["budget_tokens", "ceiling, tokens"],
  ["budget_usd", "ceiling, dollars"],
] as const;

/** The address holds the question, so that an answer can be sent to somebody. */
function AskSection() {
  const { params } = useHere();
  const asked = FIELDS.some(([name]) => params.get(`e_${name}`));
  const [typed, setTyped] = useState<Record<string, string>>(() =>
    Object.fromEntries(FIELDS.map(([name]) => [name, params.get(`e_${name}`) ?? ""])),
  );
  const ask = (event: FormEvent) => {
    event.preventDefault();
    setParams(Object.fromEntries(FIELDS.map(([name]) => [`e_${name}`, typed[name]?.trim() || null])));
  };
  return (
    <Section title="Estimate a task" note="before it is begun">
      <form className="ask-estimate" onSubmit={ask} aria-label="Estimate a task">
        {FIELDS.map(([name, words]) => (
          <label key={name} className={name === "text" ? "wide" : ""}>
            {words}
            <input
              value={typed[name] ?? ""}
              inputMode={name.startsWith("budget") ? "decimal" : undefined}
              onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
              maxLength={name === "text" ? 2000 : 200}
              autoComplete="off"
            />
          </label>
        ))}
        <button type="submit">Estimate</button>
      </form>
      {asked && <Answered />}
    </Section>
  );
}

function Answered() {
  const { params } = useHere();
  const query = Object.fromEntries(FIELDS.map(([name]) => [name, params.get(`e_${name}`)]));
  const answer = usePolled<TaskEstimate>("estimate", { project: useProject(), ...query }, { live: false, keep: false });
  if (!answer.data)
    return answer.error ? (
      <Failure error={answer.error} retry={() => answer.refetch()} />
    ) : (
      <Awaiting what="the estimate" lines={6} />
    );
  const found = answer.data;
  const known = QUANTITIES.filter((name) => found.estimate[name]);
  return (
    <div role="status">
      <p className="in-words">{estimateSentence(found)}</p>
      {found.warnings.map((words) => (
        <p className="caveat" key={words}>
          {words}
        </p>
      ))}
      <Table
        label="What the task would take"
        heads={[
          ["quantity", "text"],
          ["10 %", "num"],
          ["half", "num"],
          ["90 %", "num"],
          ["99 %", "num"],
          ["fits its ceiling", "text"],
        ]}
      >
        {known.map((name) => (
          <tr key={name}>
            <td>{QUANTITY_WORDS[name]}</td>
            {(["q10", "q50", "q90", "q99"] as const).map((level) => (
              <td className="num" key={level}>
                {amount(name, found.estimate[name]?.[level])}
              </td>
            ))}
            <td>{fitsWords(found.fits[name])}</td>
          </tr>
        ))}
      </Table>
    </div>
  );
}
