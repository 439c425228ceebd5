/** Keyboard: one listener per view, silent while somebody types or a dialog is open. */

import { useEffect, useRef } from "react";

/** An act that answers false has not taken the key: it is left to others. */
export type Keys = Record<string, (event: KeyboardEvent) => unknown>;

/** A ticked box keeps the focus but takes no letters, so it does not count. */
function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== "checkbox";
  return target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName);
}

/** "mod+k" for ctrl or command, else the key itself in lower case. */
export function keyName(event: Pick<KeyboardEvent, "key" | "metaKey" | "ctrlKey" | "altKey">): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.altKey) return `alt+${key}`;
  return event.metaKey || event.ctrlKey ? `mod+${key}` : key;
}

export function useKeys(keys: Keys): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const name = keyName(event);
      const act = latest.current[name];
      if (!act || event.defaultPrevented) return;
      const free = name.startsWith("mod+") || (!typing(event.target) && !document.querySelector("dialog[open]"));
      if (!free || (name === "Enter" && onControl(event))) return;
      if (act(event) !== false) event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}

/** True when Enter would already do something by itself (a link or a button has the focus). */
function onControl(event: KeyboardEvent): boolean {
  return event.target instanceof HTMLElement && event.target.closest("a,button,summary") !== null;
}
