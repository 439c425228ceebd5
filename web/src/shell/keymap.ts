/** Every key of the page, for the help; the views bind them. */

export const KEYMAP: readonly { where: string; keys: readonly (readonly [string, string])[] }[] = [
  {
    where: "Everywhere",
    keys: [
      ["Ctrl K / ⌘ K", "find a view, a run, an agent or any facet value"],
      ["?", "show these keys"],
      ["g then f, r, h, s", "go to Fleet, Runs, Health, Settings"],
      ["Esc", "close what is open"],
    ],
  },
  {
    where: "Runs",
    keys: [
      ["j / k or ↓ / ↑", "next, previous run"],
      ["Enter", "open the run"],
      ["/", "search"],
      ["p", "pause or resume the live tail"],
    ],
  },
  {
    where: "Run",
    keys: [
      ["1 / 2 / 3 / 4", "tree, timeline, graph, conversation"],
      ["j / k", "next, previous span"],
      ["[ / ]", "previous, next span with the same parent"],
      ["arrows", "tree: move, fold, unfold; timeline: pan"],
      ["+ / − / 0", "timeline: nearer, farther, whole run"],
      ["e", "next error"],
      ["/ then Enter or n", "search, next match"],
    ],
  },
];
