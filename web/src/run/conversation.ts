/** Agents resend their history on every call. This finds what each call added. Pure. */

import type { Message } from "../api/types";

export interface CallMessages {
  spanId: string;
  input: readonly Message[];
  output: readonly Message[];
}

export interface CallDelta {
  spanId: string;
  /** Messages of the input that were seen before, in the call that is continued. */
  repeated: number;
  /** Messages of the continued call that were not sent again: the context was cut or rewritten. */
  dropped: number;
  /** The call whose history this one continues; null when it starts afresh. */
  continues: string | null;
  fresh: readonly Message[];
  output: readonly Message[];
}

/** What makes two messages the same: role and parts, not the finish reason that only an answer carries. */
export function messageKey(message: Message): string {
  return JSON.stringify([message.role, message.parts]);
}

interface Thread {
  spanId: string;
  keys: readonly string[];
}

/** Only the latest threads are compared: a run with a thousand calls must not cost a million comparisons. */
const THREADS_MAX = 16;

function commonPrefix(a: readonly string[], b: readonly string[]): number {
  let n = 0;
  while (n < a.length && n < b.length && a[n] === b[n]) n += 1;
  return n;
}

function best(threads: readonly Thread[], keys: readonly string[]): [Thread | null, number] {
  let found: [Thread | null, number] = [null, 0];
  for (const thread of threads) {
    const length = commonPrefix(thread.keys, keys);
    if (length > 0 && length >= found[1]) found = [thread, length];
  }
  return found;
}

export function deltas(calls: readonly CallMessages[]): CallDelta[] {
  const threads: Thread[] = [];
  return calls.map((call) => {
    const keys = call.input.map(messageKey);
    const [thread, repeated] = best(threads, keys);
    threads.push({ spanId: call.spanId, keys: [...keys, ...call.output.map(messageKey)] });
    if (threads.length > THREADS_MAX) threads.shift();
    return {
      spanId: call.spanId,
      repeated,
      dropped: thread ? thread.keys.length - repeated : 0,
      continues: thread?.spanId ?? null,
      fresh: call.input.slice(repeated),
      output: call.output,
    };
  });
}

/** A value of unknown shape as text that can be shown. */
export function asText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
