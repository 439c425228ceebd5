/** How many false pages are to be expected, and what that rests on. */

import type { Condition, Promised } from "../api/watched";
import { Mark } from "../parts/icons";
import { setParams, useHere } from "../url/navigation";
import { count } from "../words/numbers";
import { conditionsWords, promiseWords } from "../words/watched";

/** One line of a fixed height, so that nothing moves when the numbers come. */
export function PromiseLine({ promise, children }: { promise: Promised | null; children?: React.ReactNode }) {
  const open = useHere().params.get("promise") === "open";
  return (
    <div className="promise">
      <p className="promise-line">
        {promise && (
          <>
            <span>{promiseWords(promise)}</span>
            <button
              type="button"
              className="plain"
              aria-expanded={open}
              onClick={() => setParams({ promise: open ? null : "open" }, { replace: true })}
            >
              {conditionsWords(promise)}
            </button>
          </>
        )}
        {children}
      </p>
      {promise && open && <Conditions promise={promise} />}
    </div>
  );
}

const HOLDS = { true: ["ok", "holds"], false: ["error", "does not hold"], null: ["unknown", "not known yet"] } as const;

function Conditions({ promise }: { promise: Promised }) {
  return (
    <div className="conditions">
      <p className="muted">
        An expectation: what would have fired if nothing had ever changed. It rests on these conditions.
      </p>
      <ul>
        {promise.conditions.map((one) => (
          <ConditionRow key={one.name} condition={one} />
        ))}
      </ul>
    </div>
  );
}

function ConditionRow({ condition }: { condition: Condition }) {
  const [mark, word] = HOLDS[String(condition.holds) as keyof typeof HOLDS];
  const { measured } = condition;
  const between =
    measured.low === null || measured.high === null ? "" : ` (${fine(measured.low)} to ${fine(measured.high)})`;
  return (
    <li>
      <span className="state">
        <Mark name={mark} />
        <strong>{condition.name.replaceAll("_", " ")}</strong> {word}
      </span>
      <span>{condition.because}</span>
      <span className="muted">
        {measured.value === null
          ? (measured.reason ?? "")
          : `${fine(measured.value)}${between}, n ${count(measured.n)}`}
      </span>
    </li>
  );
}

function fine(value: number): string {
  return Number(value.toPrecision(2)).toString();
}
