/** The time range at the top: relative ranges live, absolute ones frozen. */

import { type FormEvent, useRef } from "react";
import { setParams, useHere } from "../url/navigation";
import { frozen, isLive, type Range, RELATIVE, rangeOf, rangeWords } from "../url/range";

/** `input type=datetime-local` speaks local time without a zone. */
function localInput(bound: string | null): string {
  if (bound === null) return "";
  const at = new Date(bound);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
}

function setRange(range: Range): void {
  setParams({ since: range.since, until: range.until });
}

export function RangePicker({ whenUnset }: { whenUnset: string }) {
  const range = rangeOf(useHere().params);
  const box = useRef<HTMLDetailsElement>(null);
  const choose = (next: Range) => {
    setRange(next);
    if (box.current) box.current.open = false;
  };
  return (
    <details className="range" ref={box}>
      <summary>
        <span className={isLive(range) ? "dot dot-live" : "dot"} />
        {rangeWords(range, whenUnset)}
        <span className="muted">{isLive(range) ? "live" : "frozen"}</span>
      </summary>
      <div className="range-menu">
        <button type="button" onClick={() => choose({ since: null, until: null })}>
          {whenUnset}
        </button>
        {RELATIVE.map(([since, words]) => (
          <button
            type="button"
            key={since}
            aria-pressed={range.since === since && range.until === null}
            onClick={() => choose({ since, until: null })}
          >
            {words}
          </button>
        ))}
        <button type="button" onClick={() => choose(frozen(range, Date.now(), "-60m"))}>
          freeze at this moment
        </button>
        <Absolute range={range} choose={choose} />
      </div>
    </details>
  );
}

function Absolute({ range, choose }: { range: Range; choose: (range: Range) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const bound = (name: string) => {
      const text = String(data.get(name) ?? "");
      return text ? new Date(text).toISOString() : null;
    };
    choose({ since: bound("from"), until: bound("to") });
  };
  return (
    <form onSubmit={submit} key={`${range.since} ${range.until}`}>
      <label>
        from <input type="datetime-local" name="from" defaultValue={localInput(range.since)} />
      </label>
      <label>
        to <input type="datetime-local" name="to" defaultValue={localInput(range.until)} />
      </label>
      <button type="submit">Show this range, frozen</button>
    </form>
  );
}
