/** Whether the window has room for a panel beside the list. */

import { useSyncExternalStore } from "react";

const query = window.matchMedia("(min-width: 900px)");

function subscribe(notify: () => void): () => void {
  query.addEventListener("change", notify);
  return () => query.removeEventListener("change", notify);
}

export function useWide(): boolean {
  return useSyncExternalStore(subscribe, () => query.matches);
}
