/** Promised against spent: the fan of one quantity, what it stands on, and all quantities in a table. */

import { useMemo } from "react";
import { QUANTITIES, type Quantity } from "../api/promised";
import type { Run } from "../api/types";
import { Table } from "../health/section";
import { setParams, useHere } from "../url/navigation";
import { plural } from "../words/numbers";
import {
  amount,
  basisSentence,
  isOver,
  placeWords,
  positionOf,
  promisedOf,
  promiseSentence,
  QUANTITY_WORDS,
  spentOf,
  spreadOf,
} from "../words/promised";
import { fanOf, stepsOf } from "./fan";
import { FanChart } from "./fan-chart";
import type { Outline } from "./outline";

/** Of these the run can be drawn call by call. */
const DRAWN: readonly Quantity[] = ["tokens_total", "cost_usd", "steps", "seconds"];

export function useQuantity(): Quantity {
  const named = useHere().params.get("quantity");
  return QUANTITIES.find((name) => name === named) ?? "tokens_total";
}

type Props = { run: Run; outline: Outline; complete: boolean; selected: number; select: (row: number) => void };

export function PromiseView({ run, outline, complete, selected, select }: Props) {
  const quantity = useQuantity();
  const { steps, missing } = useMemo(() => stepsOf(outline, quantity), [outline, quantity]);
  const estimate = run.estimate ?? null;
  const spread = estimate ? (estimate.live?.[quantity] ?? spreadOf(estimate, quantity)) : null;
  const ceiling = estimate?.ceiling?.[quantity] ?? null;
  const fan = fanOf(steps, spread, estimate?.steps ?? null, ceiling);
  const at = steps.findIndex((one) => one.row === selected) + 1;
  return (
    <div className="promise-view" tabIndex={0} role="region" aria-label="Promised and spent">
      <p className="in-words">{promiseSentence(run, quantity)}</p>
      {estimate && <p className="muted">{basisSentence(estimate)}</p>}
      <div className="group-by" role="group" aria-label="Quantity">
        {DRAWN.map((name) => (
          <button
            type="button"
            className="chip"
            key={name}
            aria-pressed={name === quantity}
            onClick={() => setParams({ quantity: name === "tokens_total" ? null : name }, { replace: true })}
          >
            {QUANTITY_WORDS[name]}
          </button>
        ))}
      </div>
      <FanChart
        quantity={quantity}
        steps={steps}
        fan={fan}
        spread={spread}
        ceiling={ceiling}
        selected={at}
        select={(step) => select(step.row)}
        label={`${QUANTITY_WORDS[quantity]} by model call, over what was promised`}
      />
      <p className="muted">
        <Reading drawn={spread !== null} live={Boolean(estimate?.live)} />
        {!complete && " The run is still being read."}
        {missing > 0 && ` ${plural(missing, "call")} did not report: the line is a lower bound.`}
      </p>
      {estimate && <AllQuantities run={run} />}
    </div>
  );
}

function Reading({ drawn, live }: { drawn: boolean; live: boolean }) {
  if (!drawn) return <>The line is what the run took. There is no fan, since nothing was promised of this.</>;
  return (
    <>
      Line: what the run took. Dark band: eight in ten such runs; light band: up to 99 %; dashed: half. The fan rises in
      step with the promised calls.{live && " It was made anew from what the run took so far."}
    </>
  );
}

function AllQuantities({ run }: { run: Run }) {
  const estimate = run.estimate;
  if (!estimate) return null;
  return (
    <Table
      label="Promised and spent, all quantities"
      heads={[
        ["quantity", "text"],
        ["10 %", "num"],
        ["half", "num"],
        ["90 %", "num"],
        ["99 %", "num"],
        ["spent", "num"],
        ["where that falls", "text"],
      ]}
    >
      {promisedOf(estimate).map((name) => {
        const spread = spreadOf(estimate, name);
        const place = positionOf(run, name);
        return (
          <tr key={name}>
            <td>{QUANTITY_WORDS[name]}</td>
            {(["q10", "q50", "q90", "q99"] as const).map((level) => (
              <td className="num" key={level}>
                {amount(name, spread?.[level])}
              </td>
            ))}
            <td className="num">{amount(name, spentOf(run, name))}</td>
            <td>
              {place === null ? <span className="muted">not known</span> : placeWords(place)}
              {isOver(run, name) && <strong className="over"> over its promise</strong>}
            </td>
          </tr>
        );
      })}
    </Table>
  );
}
