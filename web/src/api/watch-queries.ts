/** The questions to the watch over the fleet, each with its key and its pace. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { postJson, type Query } from "./client";
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

export function useAlerts(states: readonly string[], floorS = 2) {
  return usePolled<Listing<Alert>>("alerts", { project: useProject(), state: states, limit: ALERTS_MAX }, { floorS });
}

export function useAlert(alertId: string) {
  const path = `alerts/${encodeURIComponent(alertId)}`;
  return usePolled<Alert>(path, { project: useProject() }, { floorS: 2, keep: false });
}

export function useContrast(query: Query, enabled: boolean) {
  return usePolled<Contrast>("contrast", { project: useProject(), ...query }, { live: false, keep: false, enabled });
}

export interface Closing {
  alertId: string;
  reason: string;
  by: string | null;
}

/** Closes an alert with a reason; every list of alerts is asked anew. */
export function useClose() {
  const client = useQueryClient();
  const project = useProject();
  return useMutation({
    mutationFn: ({ alertId, reason, by }: Closing) =>
      postJson<Alert>(`alerts/${encodeURIComponent(alertId)}/close`, { project }, { reason, by }),
    onSuccess: () =>
      client.invalidateQueries({
        predicate: (query) => String(query.queryKey[0]).startsWith("alerts") || query.queryKey[0] === "fleet",
      }),
  });
}
