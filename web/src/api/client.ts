/** Asks the API of the same origin. Every failure becomes a `ProblemError` that says what, why and what to do. */

import { takeFirst } from "./first";
import type { Problem } from "./types";

export type Query = Record<string, string | number | readonly string[] | null | undefined>;

const KEY_NAME = "quarterdeck.key";

export class ProblemError extends Error {
  constructor(readonly problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = "ProblemError";
  }
}

export function savedKey(): string | null {
  return window.sessionStorage.getItem(KEY_NAME);
}

/** Keeps the access key for this tab only; null forgets it. */
export function saveKey(key: string | null): void {
  if (key) window.sessionStorage.setItem(KEY_NAME, key);
  else window.sessionStorage.removeItem(KEY_NAME);
}

/** The address of an API document; null and undefined are left out, arrays repeat their name. */
export function apiPath(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) params.append(name, String(one));
  }
  const tail = params.toString();
  return `/api/v1/${path}${tail ? `?${tail}` : ""}`;
}

function headers(): Record<string, string> {
  const key = savedKey();
  return key ? { accept: "application/json", authorization: `Bearer ${key}` } : { accept: "application/json" };
}

const SILENT: Problem = {
  title: "The server does not answer",
  status: 0,
  detail: "No answer came from this address.",
  code: "server_silent",
  mend: "Check that quarterdeck serve still runs and that this machine reaches it. The page tries again by itself.",
};

/** A problem document from any failed answer, also from one that is not problem+json (a proxy, an old server). */
export function problemOf(status: number, body: unknown): Problem {
  const given = (typeof body === "object" && body !== null ? body : {}) as Partial<Problem>;
  return {
    title: given.title ?? `The server answered ${status}`,
    status,
    detail: typeof given.detail === "string" ? given.detail : null,
    code: given.code ?? `http_${status}`,
    mend: given.mend ?? null,
    retry_after_s: given.retry_after_s ?? null,
  };
}

async function bodyOf(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch {
    return null;
  }
}

/** Reads one document. Raises ProblemError. */
export async function getJson<T>(path: string, query: Query, signal?: AbortSignal): Promise<T> {
  const address = apiPath(path, query);
  const brought = savedKey() === null ? takeFirst(address) : null;
  if (brought !== null) return brought as T;
  let answer: Response;
  try {
    answer = await fetch(address, { headers: headers(), signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ProblemError(SILENT);
  }
  const body = await bodyOf(answer);
  if (!answer.ok) throw new ProblemError(problemOf(answer.status, body));
  if (body === null) {
    const detail = `${path} did not answer with JSON.`;
    throw new ProblemError({
      title: "Not the answer of a Quarterdeck server",
      status: answer.status,
      detail,
      code: "bad_answer",
      mend: "Check what serves this address.",
    });
  }
  return body as T;
}

/** Sends one document and reads the answer. Raises ProblemError. For questions that are too long for an address, and for what changes something. */
export async function postJson<T>(path: string, query: Query, body: unknown): Promise<T> {
  let answer: Response;
  try {
    const sent = { ...headers(), "content-type": "application/json" };
    answer = await fetch(apiPath(path, query), { method: "POST", headers: sent, body: JSON.stringify(body) });
  } catch {
    throw new ProblemError(SILENT);
  }
  const found = await bodyOf(answer);
  if (!answer.ok) throw new ProblemError(problemOf(answer.status, found));
  return found as T;
}

/** Worth asking again by itself: silence and overload, never a refusal. */
export function isPassing(error: unknown): boolean {
  return error instanceof ProblemError && [0, 429, 502, 503, 504].includes(error.problem.status);
}
