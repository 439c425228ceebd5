/** mod+K: one box that finds views, runs, agents and any facet value. */

import { type KeyboardEvent, useDeferredValue, useState } from "react";
import { useFacets, useProject, useRunsHead } from "../api/queries";
import { go, useHere } from "../url/navigation";
import { Dialog } from "./dialogs";
import { FIND_FACETS, type Find, finds } from "./find";

function useFinds(text: string): Find[] {
  const { params } = useHere();
  const project = useProject();
  const asked = useDeferredValue(text.trim());
  const runs = useRunsHead({ project, q: asked }, { live: false, enabled: asked.length > 0, limit: 8 });
  const facets = useFacets({ project }, FIND_FACETS, false);
  return finds(text, params, asked ? (runs.data?.items ?? []) : [], facets.data);
}

export function Palette({ close }: { close: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const offers = useFinds(text);
  const chosen = Math.min(at, offers.length - 1);
  const take = (offer: Find | undefined) => {
    if (!offer) return;
    close();
    go(offer.to);
  };
  const press = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) setAt((chosen + step + offers.length) % Math.max(1, offers.length));
    else if (event.key === "Enter") take(offers[chosen]);
    else return;
    event.preventDefault();
  };
  const type = (value: string) => {
    setText(value);
    setAt(0);
  };
  return (
    <Dialog label="Find" close={close}>
      <input
        className="palette-input"
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={offers.length > 0 ? `find-${chosen}` : undefined}
        aria-label="Find a view, run, agent or facet value"
        placeholder="Find a view, run id, agent, model, error class…"
        value={text}
        onChange={(event) => type(event.target.value)}
        onKeyDown={press}
      />
      <div id="palette-list" className="palette-list" role="listbox" aria-label="Found">
        {offers.map((offer, i) => (
          <Offer key={offer.id} offer={offer} index={i} chosen={i === chosen} take={() => take(offer)} />
        ))}
      </div>
    </Dialog>
  );
}

function Offer({ offer, index, chosen, take }: { offer: Find; index: number; chosen: boolean; take: () => void }) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled by the box above, which keeps the focus
    <div id={`find-${index}`} className="offer" role="option" aria-selected={chosen} onClick={take}>
      <span className="muted offer-kind">{offer.kind}</span>
      <span className="offer-title">{offer.title}</span>
      <span className="muted">{offer.note}</span>
    </div>
  );
}
