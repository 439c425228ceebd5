/** Facets with counts at the left; a tick is a parameter of the URL. */

import { useState } from "react";
import { useFacets, useProject } from "../api/queries";
import type { FacetValue } from "../api/types";
import { Failure } from "../parts/feedback";
import { ValueMark } from "../parts/icons";
import { setParams } from "../url/navigation";
import { isLive } from "../url/range";
import { count } from "../words/numbers";
import { FACETS, filterQuery, HAS, type RunsState, toggled, unsetWord } from "./filter";

const SHOWN = 8;
/** Facets whose values have a mark of their own. */
const MARKED = new Set(["lifecycle", "status"]);
const OPEN_AT_FIRST = 6;

export function FacetPanel({ state }: { state: RunsState }) {
  const answer = useFacets(filterQuery(state, useProject()), FACETS, isLive(state.range) && !state.paused);
  if (answer.error && !answer.data) return <Failure error={answer.error} retry={() => answer.refetch()} />;
  return (
    <div className="facets" aria-busy={answer.isPending}>
      {FACETS.map((name, i) => (
        <Facet
          key={name}
          name={name}
          values={answer.data?.facets[name] ?? []}
          chosen={state.equals[name] ?? []}
          open={i < OPEN_AT_FIRST}
        />
      ))}
      <fieldset>
        <legend>has</legend>
        {HAS.map(([word, words]) => (
          <label key={word}>
            <input
              type="checkbox"
              checked={state.has.includes(word)}
              onChange={() => setParams({ has: toggled(state.has, word) })}
            />
            <span className="facet-value">{words}</span>
          </label>
        ))}
      </fieldset>
    </div>
  );
}

type FacetProps = { name: string; values: readonly FacetValue[]; chosen: readonly string[]; open: boolean };

/** Chosen values stay in the list when nothing matches them any more, or they could not be switched off. */
function withChosen(values: readonly FacetValue[], chosen: readonly string[]): FacetValue[] {
  const known = new Set(values.map((one) => one.value ?? ""));
  return [...values, ...chosen.filter((value) => !known.has(value)).map((value) => ({ value, count: 0 }))];
}

function Facet({ name, values, chosen, open }: FacetProps) {
  const [all, setAll] = useState(false);
  const list = withChosen(values, chosen);
  const onlyUnknown = list.length === 0 || (list.length === 1 && list[0]?.value === null && chosen.length === 0);
  if (onlyUnknown && !open) return null;
  const shown = all ? list : list.filter((one, i) => i < SHOWN || chosen.includes(one.value ?? ""));
  return (
    <details open={open || chosen.length > 0}>
      <summary>{name.replaceAll("_", " ")}</summary>
      {shown.map((one) => (
        <FacetLine key={one.value ?? ""} name={name} one={one} chosen={chosen} />
      ))}
      {list.length > shown.length && (
        <button type="button" className="plain" onClick={() => setAll(true)}>
          {list.length - shown.length} more
        </button>
      )}
    </details>
  );
}

function FacetLine({ name, one, chosen }: { name: string; one: FacetValue; chosen: readonly string[] }) {
  const value = one.value ?? "";
  return (
    <label>
      <input
        type="checkbox"
        checked={chosen.includes(value)}
        onChange={() => setParams({ [name]: toggled(chosen, value) })}
      />
      <span className="facet-value">
        {MARKED.has(name) && <ValueMark value={value} />} {value || <span className="muted">{unsetWord(name)}</span>}
      </span>
      <span className="muted facet-count">{count(one.count)}</span>
    </label>
  );
}
