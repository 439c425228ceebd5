/** j, k and Enter over a list whose selection stands in the URL. */

import { useKeys } from "./keys";

type ListKeys = {
  ids: readonly string[];
  selected: string | null;
  select: (id: string) => void;
  open: (id: string) => void;
};

/** The next id in a direction; the first step from nowhere takes the first. */
export function stepped(ids: readonly string[], selected: string | null, step: 1 | -1): string | undefined {
  const at = selected === null ? -1 : ids.indexOf(selected);
  return at < 0 ? ids[0] : ids[Math.min(ids.length - 1, Math.max(0, at + step))];
}

export function useListKeys({ ids, selected, select, open }: ListKeys): void {
  const move = (step: 1 | -1) => {
    const next = stepped(ids, selected, step);
    if (next === undefined) return;
    select(next);
    document.querySelector(`[data-id="${CSS.escape(next)}"]`)?.scrollIntoView({ block: "nearest" });
  };
  useKeys({
    ...{ j: () => move(1), ArrowDown: () => move(1), k: () => move(-1), ArrowUp: () => move(-1) },
    Enter: () => {
      const chosen = selected !== null && ids.includes(selected) ? selected : ids[0];
      if (chosen !== undefined) open(chosen);
    },
  });
}
