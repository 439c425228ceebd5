/** The fan of a promise with what the run took drawn over it, call by call. SVG; a call is a step of a slider. */

import { type KeyboardEvent, useState } from "react";
import type { Quantity, Spread } from "../api/promised";
import { count } from "../words/numbers";
import { amount, amountWords } from "../words/promised";
import { type Fan, promisedAt, type Step } from "./fan";

const WIDTH = 600;
const HEIGHT = 240;
/** Labels at the right are this far apart at least, in pixels of the picture. */
const APART = 15;

type Props = {
  quantity: Quantity;
  steps: readonly Step[];
  fan: Fan;
  spread: Spread | null;
  ceiling: number | null;
  /** The call of the selected span, from 1; 0 = none. */
  selected: number;
  select: (step: Step) => void;
  label: string;
};

export function FanChart({ quantity, steps, fan, spread, ceiling, selected, select, label }: Props) {
  const [pointed, setPointed] = useState(0);
  const shown = steps[(pointed || selected) - 1];
  const x = (call: number) => (call / fan.calls) * WIDTH;
  const y = (value: number) => HEIGHT - (Math.min(value, fan.top) / fan.top) * HEIGHT;
  const callAt = (offset: number, width: number) =>
    Math.min(steps.length, Math.max(1, Math.round((offset / width) * fan.calls)));
  const press = (event: KeyboardEvent) => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const step = steps[Math.min(steps.length, Math.max(1, selected + by)) - 1];
    if (by === 0 || !step) return;
    event.preventDefault();
    event.stopPropagation();
    select(step);
  };
  const say = (step: Step) =>
    `call ${step.call}: ${step.value === null ? "not reported" : `${amountWords(quantity, step.value)} so far`}`;
  return (
    <figure className="fan">
      <div className="fan-grid">
        <Scale quantity={quantity} top={fan.top} />
        <div
          className="fan-box"
          tabIndex={0}
          role="slider"
          aria-label={label}
          aria-valuemin={1}
          aria-valuemax={Math.max(1, steps.length)}
          aria-valuenow={Math.max(1, selected)}
          aria-valuetext={shown ? say(shown) : "no call chosen"}
          onKeyDown={press}
          onPointerMove={(event) =>
            steps.length > 0 &&
            setPointed(
              callAt(event.clientX - event.currentTarget.getBoundingClientRect().left, event.currentTarget.clientWidth),
            )
          }
          onPointerLeave={() => setPointed(0)}
          onClick={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            const step = steps[callAt(event.clientX - box.left, box.width) - 1];
            if (step) select(step);
          }}
        >
          <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
            {spread && <Bands spread={spread} fan={fan} x={x} y={y} />}
            {ceiling !== null && <path className="fan-ceiling" d={`M0 ${y(ceiling)}H${WIDTH}`} />}
            {shown && <path className="fan-at" d={`M${x(shown.call)} 0V${HEIGHT}`} />}
            <path className="fan-spent" d={lineOf(steps, x, y)} />
          </svg>
        </div>
        {spread && <Marks quantity={quantity} spread={spread} fan={fan} ceiling={ceiling} />}
      </div>
      <figcaption className="fan-said">
        <span role="status">{shown ? say(shown) : "model calls from left to right; arrows or a click choose one"}</span>
        <span className="muted">{count(fan.calls)} calls</span>
      </figcaption>
    </figure>
  );
}

type At = (value: number) => number;

function lineOf(steps: readonly Step[], x: At, y: At): string {
  const known = steps.filter((one) => one.value !== null);
  return known.length === 0
    ? ""
    : `M${x((known[0] as Step).call - 1)} ${y(0)}${known.map((one) => `L${x(one.call)} ${y(one.value as number)}`).join("")}`;
}

/** Two bands and the middle line. They rise in step with the promised calls, then are level. */
function Bands({ spread, fan, x, y }: { spread: Spread; fan: Fan; x: At; y: At }) {
  const calls = fan.promised === null ? [0, fan.calls] : [0, fan.promised, fan.calls];
  const line = (total: number, back = false) =>
    (back ? [...calls].reverse() : calls).map((call) => `${x(call)} ${y(promisedAt(total, call, fan))}`).join("L");
  const area = (low: number, high: number) => `M${line(high)}L${line(low, true)}Z`;
  return (
    <>
      <path className="fan-far" d={area(spread.q90, spread.q99)} />
      <path className="fan-band" d={area(spread.q10, spread.q90)} />
      <path className="fan-half" d={`M${line(spread.q50)}`} />
    </>
  );
}

function Scale({ quantity, top }: { quantity: Quantity; top: number }) {
  return (
    <div className="fan-scale muted" aria-hidden="true">
      {[1, 0.5, 0].map((share) => (
        <span key={share} style={{ top: `${(1 - share) * 100}%` }}>
          {share === 0 ? "0" : amount(quantity, top * share)}
        </span>
      ))}
    </div>
  );
}

/** Names of the levels where they end; pushed apart where they would cover one another. */
function Marks({
  quantity,
  spread,
  fan,
  ceiling,
}: {
  quantity: Quantity;
  spread: Spread;
  fan: Fan;
  ceiling: number | null;
}) {
  const named: [string, number][] = [
    ["99 %", spread.q99],
    ["90 %", spread.q90],
    ["half", spread.q50],
    ["10 %", spread.q10],
  ];
  if (ceiling !== null) named.push(["ceiling", ceiling]);
  const inside = named.filter(([, value]) => value <= fan.top).sort((a, b) => b[1] - a[1]);
  const beyond = named.filter(([, value]) => value > fan.top);
  const tops = apart(inside.map(([, value]) => (1 - value / fan.top) * HEIGHT));
  return (
    <div className="fan-marks" aria-hidden="true">
      {inside.map(([name, value], i) => (
        <span key={name} className={name === "ceiling" ? "fan-ceiling-word" : ""} style={{ top: `${tops[i]}px` }}>
          {name} {amount(quantity, value)}
        </span>
      ))}
      {beyond.map(([name, value]) => (
        <span key={name} className="muted" style={{ top: "-14px" }}>
          ↑ {name} {amount(quantity, value)}
        </span>
      ))}
    </div>
  );
}

/** Heights from the top, in rising order, none nearer than APART to the one above and none below the floor. */
export function apart(tops: readonly number[]): number[] {
  const found: number[] = [];
  for (const top of tops) found.push(Math.max(top, found.length === 0 ? 0 : (found.at(-1) as number) + APART));
  for (let i = found.length - 1, floor = HEIGHT; i >= 0; i -= 1, floor -= APART)
    found[i] = Math.min(found[i] as number, floor);
  return found;
}
