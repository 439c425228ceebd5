/** What may be done to an alert, each with its key; which panel is open stands in the URL. Pure. */

import type { Alert } from "../api/watched";

export type PanelName = "close" | "probe" | "forecast" | "incident" | "snooze";

export const ACTS: readonly { name: PanelName; key: string; words: string }[] = [
  { name: "probe", key: "p", words: "Probe" },
  { name: "forecast", key: "f", words: "Forecast" },
  { name: "incident", key: "i", words: "Incident" },
  { name: "close", key: "d", words: "Close" },
  { name: "snooze", key: "s", words: "Snooze" },
];

/** The panel that an address names, as far as the alert still takes it. */
export function panelOf(name: string | null, alert: Alert): PanelName | null {
  const found = ACTS.find((one) => one.name === name)?.name ?? null;
  return found === null || !takes(alert, found) ? null : found;
}

/** What is over can still be probed and become an incident; nothing else is left to decide. */
export function takes(alert: Alert, act: PanelName): boolean {
  return alert.state !== "resolved" || act === "probe" || act === "incident";
}

/** The keys of all acts; `c` closes as well, as it always did. */
export function actKeys(open: (act: PanelName) => void): Record<string, () => void> {
  const keys = Object.fromEntries(ACTS.map((one) => [one.key, () => open(one.name)]));
  return { ...keys, c: () => open("close") };
}
