/** Paths of the page and what they mean. Refuses nothing: an unknown path is the place "lost". */

export type Place =
  | { name: "fleet" }
  | { name: "signals" }
  | { name: "signal"; streamId: string }
  | { name: "alerts" }
  | { name: "alert"; alertId: string }
  | { name: "incidents" }
  | { name: "incident"; incidentId: string }
  | { name: "mutes" }
  | { name: "handover" }
  | { name: "runs" }
  | { name: "run"; runId: string }
  | { name: "limits" }
  | { name: "health" }
  | { name: "settings" }
  | { name: "lost"; path: string };

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function placeOf(pathname: string): Place {
  const path = pathname.replace(/\/+$/, "") || "/";
  if (path === "/") return { name: "fleet" };
  const plain = PLAIN[path];
  if (plain) return { name: plain };
  return placeOfOne(path) ?? { name: "lost", path: pathname };
}

type Plain = "signals" | "runs" | "alerts" | "incidents" | "mutes" | "handover" | "limits" | "health" | "settings";

const PLAIN: Record<string, Plain> = {
  "/fleet/signals": "signals",
  "/runs": "runs",
  "/alerts": "alerts",
  "/incidents": "incidents",
  "/mutes": "mutes",
  "/handover": "handover",
  "/limits": "limits",
  "/health": "health",
  "/settings": "settings",
};

/** A view of one thing: its id is the rest of the path, whatever stands in it. */
function placeOfOne(path: string): Place | null {
  const found = /^\/(fleet\/signals|runs|alerts|incidents)\/(.+)$/.exec(path);
  if (!found) return null;
  const id = decoded(found[2] as string);
  if (found[1] === "runs") return { name: "run", runId: id };
  if (found[1] === "incidents") return { name: "incident", incidentId: id };
  return found[1] === "alerts" ? { name: "alert", alertId: id } : { name: "signal", streamId: id };
}

export function runPath(runId: string): string {
  return `/runs/${encodeURIComponent(runId)}`;
}

export function signalPath(streamId: string): string {
  return `/fleet/signals/${encodeURIComponent(streamId)}`;
}

export function alertPath(alertId: string): string {
  return `/alerts/${encodeURIComponent(alertId)}`;
}

export function incidentPath(incidentId: string): string {
  return `/incidents/${encodeURIComponent(incidentId)}`;
}

/** Parameters that every view shares and that links between views carry along. */
export const SHARED = ["project", "since", "until"] as const;

export type Changes = Record<string, string | readonly string[] | null>;

/** A copy of `params` with some names set, repeated (array) or removed (null, empty array). */
export function changed(params: URLSearchParams, changes: Changes): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    for (const one of value === null ? [] : typeof value === "string" ? [value] : value) next.append(name, one);
  }
  return next;
}

/** The address of another view: shared parameters kept, the others as given. */
export function linkTo(path: string, current: URLSearchParams, extra: Changes = {}): string {
  const base = new URLSearchParams();
  for (const name of SHARED) {
    const value = current.get(name);
    if (value) base.set(name, value);
  }
  return href(path, changed(base, extra));
}

export function href(path: string, params: URLSearchParams): string {
  const tail = params.toString();
  return tail ? `${path}?${tail}` : path;
}
