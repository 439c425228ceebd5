/** The marks of a stream's states: a shape each, so that colour is never the only sign. */

import type { AlertState, StreamState } from "../api/watched";
import type { MarkName } from "../parts/icons";

export const STATE_MARKS: Record<StreamState, MarkName> = {
  learning: "lost",
  quiet: "unknown",
  rising: "rising",
  reached: "error",
};

export const ALERT_MARKS: Record<AlertState, MarkName> = { firing: "error", pending: "rising", resolved: "ok" };
