/** The History API as a React store. The URL is the only place where view state lives. */

import { type AnchorHTMLAttributes, type MouseEvent, type ReactNode, useMemo, useSyncExternalStore } from "react";
import { type Changes, changed, href, type Place, placeOf } from "./place";

const MOVED = "quarterdeck:moved";

function subscribe(notify: () => void): () => void {
  window.addEventListener("popstate", notify);
  window.addEventListener(MOVED, notify);
  return () => {
    window.removeEventListener("popstate", notify);
    window.removeEventListener(MOVED, notify);
  };
}

function address(): string {
  return window.location.pathname + window.location.search;
}

/** Goes to an address of this page; `replace` leaves no step to go back to (for typing and selection). */
export function go(to: string, options: { replace?: boolean } = {}): void {
  if (to === address()) return;
  if (options.replace) window.history.replaceState(null, "", to);
  else window.history.pushState(null, "", to);
  window.dispatchEvent(new Event(MOVED));
}

export interface Here {
  place: Place;
  path: string;
  params: URLSearchParams;
}

export function here(): Here {
  const url = new URL(window.location.href);
  return { place: placeOf(url.pathname), path: url.pathname, params: url.searchParams };
}

export function useHere(): Here {
  const now = useSyncExternalStore(subscribe, address);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address is what changes; here() reads it
  return useMemo(here, [now]);
}

/** Changes parameters of the current view. */
export function setParams(changes: Changes, options: { replace?: boolean } = {}): void {
  const at = here();
  go(href(at.path, changed(at.params, changes)), options);
}

type LinkProps = Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> & { to: string; children: ReactNode };

function plainClick(event: MouseEvent): boolean {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

/** An ordinary link (opens in a new tab, can be copied) that does not reload the page. */
export function Link({ to, onClick, ...rest }: LinkProps) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    if (event.defaultPrevented || !plainClick(event)) return;
    event.preventDefault();
    go(to);
  };
  return <a href={to} onClick={follow} {...rest} />;
}
