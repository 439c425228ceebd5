/** Saved views: names for addresses of the runs list, kept in this browser. A view is its address, so sharing it is sharing the link. */

import { useSyncExternalStore } from "react";

export interface SavedView {
  name: string;
  /** The parameters of the list, as in the URL. */
  query: string;
}

/** More is a list that nobody reads. */
export const VIEWS_MAX = 40;
const NAME_MAX = 60;
const NAME = "quarterdeck.views";

/** Not part of a view: what is selected now, and whether the tail is paused. */
const PASSING = ["peek", "tail"];

/** What of an address is worth a name. */
export function viewQuery(params: URLSearchParams): string {
  const kept = [...params].filter(([name]) => !PASSING.includes(name));
  return new URLSearchParams(kept).toString();
}

/** What storage held, as far as it is views; anything may have written there. */
export function sane(given: unknown): SavedView[] {
  if (!Array.isArray(given)) return [];
  return given
    .filter(
      (one): one is SavedView => typeof one?.name === "string" && typeof one?.query === "string" && one.name !== "",
    )
    .slice(0, VIEWS_MAX)
    .map(({ name, query }) => ({ name: name.slice(0, NAME_MAX), query }));
}

/** The list with a view added at its end, or put in the place of the one of that name. */
export function withView(views: readonly SavedView[], name: string, query: string): SavedView[] {
  const named = name.trim().slice(0, NAME_MAX);
  if (named === "") return [...views];
  const at = views.findIndex((view) => view.name === named);
  if (at >= 0) return views.map((view, i) => (i === at ? { name: named, query } : view));
  return [...views, { name: named, query }].slice(-VIEWS_MAX);
}

const listeners = new Set<() => void>();
let current: SavedView[] | null = null;

function read(): SavedView[] {
  try {
    return sane(JSON.parse(window.localStorage.getItem(NAME) ?? "[]"));
  } catch {
    return [];
  }
}

export function saveViews(views: SavedView[]): void {
  current = views;
  try {
    window.localStorage.setItem(NAME, JSON.stringify(views));
  } catch {
    // A browser that keeps nothing: the views live as long as the page.
  }
  for (const notify of listeners) notify();
}

function subscribe(notify: () => void): () => void {
  listeners.add(notify);
  return () => listeners.delete(notify);
}

export function useViews(): readonly SavedView[] {
  return useSyncExternalStore(subscribe, () => {
    current ??= read();
    return current;
  });
}
