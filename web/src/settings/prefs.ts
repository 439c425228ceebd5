/** What a reader prefers, kept in this browser: theme, pace of refreshing, density. Not part of the URL: a shared link must not change the other's eyes. */

import { useSyncExternalStore } from "react";

export type Theme = "system" | "light" | "dark";

export interface Prefs {
  theme: Theme;
  /** Seconds between two questions to the server while a range is live; 0 = only on demand. */
  refreshS: number;
  density: "dense" | "roomy";
}

export const REFRESH_CHOICES = [2, 5, 15, 60, 0] as const;

const NAME = "quarterdeck.prefs";
const DEFAULT: Prefs = { theme: "system", refreshS: 2, density: "dense" };

const listeners = new Set<() => void>();
let current: Prefs = read();

function read(): Prefs {
  try {
    return sane(JSON.parse(window.localStorage.getItem(NAME) ?? "{}") as Partial<Prefs>);
  } catch {
    return DEFAULT;
  }
}

function sane(given: Partial<Prefs>): Prefs {
  return {
    theme: given.theme === "light" || given.theme === "dark" ? given.theme : "system",
    refreshS: REFRESH_CHOICES.find((choice) => choice === given.refreshS) ?? DEFAULT.refreshS,
    density: given.density === "roomy" ? "roomy" : "dense",
  };
}

export function setPrefs(changes: Partial<Prefs>): void {
  current = sane({ ...current, ...changes });
  window.localStorage.setItem(NAME, JSON.stringify(current));
  applyPrefs();
  for (const notify of listeners) notify();
}

/** Puts the choices on the root element, where the tokens of the style read them. */
export function applyPrefs(): void {
  const root = document.documentElement;
  if (current.theme === "system") delete root.dataset.theme;
  else root.dataset.theme = current.theme;
  root.dataset.density = current.density;
}

function subscribe(notify: () => void): () => void {
  listeners.add(notify);
  return () => listeners.delete(notify);
}

export function usePrefs(): Prefs {
  return useSyncExternalStore(subscribe, () => current);
}

/** Row height of every dense list, in pixels; the style has the same numbers. */
export function rowHeight(prefs: Prefs): number {
  return prefs.density === "roomy" ? 36 : 28;
}

/** What TanStack Query wants: milliseconds, or false. Never faster than `floorS`. */
export function pollMs(prefs: Prefs, live: boolean, floorS = 0): number | false {
  return live && prefs.refreshS > 0 ? Math.max(prefs.refreshS, floorS) * 1000 : false;
}
