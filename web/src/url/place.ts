/** Paths of the page and what they mean. Refuses nothing: an unknown path is the place "lost". */

export type Place =
  | { name: "fleet" }
  | { name: "runs" }
  | { name: "run"; runId: string }
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
  if (path === "/runs") return { name: "runs" };
  if (path === "/health") return { name: "health" };
  if (path === "/settings") return { name: "settings" };
  const run = /^\/runs\/(.+)$/.exec(path);
  return run ? { name: "run", runId: decoded(run[1] as string) } : { name: "lost", path: pathname };
}

export function runPath(runId: string): string {
  return `/runs/${encodeURIComponent(runId)}`;
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
