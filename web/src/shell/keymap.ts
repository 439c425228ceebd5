/** Every key of the page, for the help; the views bind them. */

export const KEYMAP: readonly { where: string; keys: readonly (readonly [string, string])[] }[] = [
  {
    where: "Everywhere",
    keys: [
      ["Ctrl K / ⌘ K", "find a view, a run, an agent or any facet value"],
      ["?", "show these keys"],
      ["g then f, n, r, a, i, l, h, s", "go to Fleet, Signals, Runs, Alerts, Incidents, Limits, Health, Settings"],
      ["Esc", "close what is open"],
    ],
  },
  {
    where: "Fleet",
    keys: [
      ["Enter", "open the most urgent alert"],
      ["j / k", "next, previous cohort"],
      ["e", "unfold or fold the cohort"],
    ],
  },
  {
    where: "Any chart",
    keys: [
      ["← / →", "move over the moments, when the chart has the focus"],
      ["Shift and ← / →", "choose a range"],
      ["Enter", "compare the range with the rest"],
      ["Esc", "let the range go"],
    ],
  },
  {
    where: "Signals and Alerts",
    keys: [
      ["j / k or ↓ / ↑", "next, previous; in an alert: next, previous exemplar"],
      ["Enter", "open the signal, the alert, the exemplar run"],
      ["d or c", "close the alert: each way with its price"],
      ["p", "probe: run its input again, candidate beside baseline"],
      ["f", "say how probable it is that it is real"],
      ["i", "open an incident from it"],
      ["s", "snooze it until the version changes, or wake it"],
    ],
  },
  {
    where: "Incidents",
    keys: [
      ["j / k", "next, previous incident"],
      ["Enter", "open the incident"],
      ["n", "open one by hand"],
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
    where: "Limits: approvals",
    keys: [
      ["j / k", "next, previous question of an agent"],
      ["y / x", "approve, refuse, with a reason"],
    ],
  },
  {
    where: "Run",
    keys: [
      ["1 to 6", "tree, timeline, graph, conversation, context, promise"],
      ["j / k", "next, previous span"],
      ["[ / ]", "previous, next span with the same parent"],
      ["arrows", "tree: move, fold, unfold; timeline: pan"],
      ["+ / − / 0", "timeline: nearer, farther, whole run"],
      ["e", "next error"],
      ["/ then Enter or n", "search, next match"],
    ],
  },
];
