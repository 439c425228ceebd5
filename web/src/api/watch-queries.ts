/** The questions to the watch over the fleet, each with its key and its pace. */

import type { Query } from "./client";
import { usePolled, useProject } from "./queries";
import type { Listing } from "./types";
import type { Alert, Contrast, StreamDetail, Streams } from "./watched";

const STREAMS_MAX = 200;
const ALERTS_MAX = 100;

/** Streams, the closest to its threshold first. */
export function useStreams(filter: Query = {}, enabled = true) {
  const query = { project: useProject(), ...filter, limit: STREAMS_MAX };
  return usePolled<Streams>("signals", query, { floorS: 5, enabled });
}

export function useStream(streamId: string, enabled = true) {
  const path = `signals/${encodeURIComponent(streamId)}`;
  return usePolled<StreamDetail>(path, { project: useProject() }, { floorS: 5, keep: false, enabled });
}

/** The newest, or what is open by urgency: then the first hundred are the most urgent of all. */
export function useAlerts(states: readonly string[], floorS = 2, order: "newest" | "urgency" = "newest") {
  const ordered = order === "urgency" ? { order } : {};
  const query = { project: useProject(), state: states, ...ordered, limit: ALERTS_MAX };
  return usePolled<Listing<Alert>>("alerts", query, { floorS });
}

export function useAlert(alertId: string) {
  const path = `alerts/${encodeURIComponent(alertId)}`;
  return usePolled<Alert>(path, { project: useProject() }, { floorS: 2, keep: false });
}

export function useContrast(query: Query, enabled: boolean) {
  return usePolled<Contrast>("contrast", { project: useProject(), ...query }, { live: false, keep: false, enabled });
}
