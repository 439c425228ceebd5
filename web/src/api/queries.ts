/** The questions that the views ask, each with its key and its pace. */

import { keepPreviousData, QueryClient, useQuery } from "@tanstack/react-query";
import { pollMs, usePrefs } from "../settings/prefs";
import { useHere } from "../url/navigation";
import { isLive, type Range } from "../url/range";
import { getJson, isPassing, type Query } from "./client";
import type {
  Cohort,
  Facets,
  Fleet,
  Health,
  Label,
  Listing,
  Privacy,
  Rejection,
  Retention,
  Run,
  Sampling,
  SpanDetail,
  Unmapped,
} from "./types";

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { retry: (tries, error) => isPassing(error) && tries < 2, refetchOnWindowFocus: false, staleTime: 1000 },
    },
  });
}

export function useProject(): string {
  return useHere().params.get("project") || "default";
}

export interface PollOptions {
  live?: boolean;
  floorS?: number;
  enabled?: boolean;
  /** Whether the last answer to another question stands in until this one is answered; false where they would be mixed. */
  keep?: boolean;
}

export function usePolled<T>(path: string, query: Query, options: PollOptions = {}) {
  const prefs = usePrefs();
  return useQuery({
    queryKey: [path, query],
    queryFn: ({ signal }) => getJson<T>(path, query, signal),
    ...(options.keep === false ? {} : { placeholderData: keepPreviousData }),
    refetchInterval: pollMs(prefs, options.live ?? true, options.floorS ?? 0),
    enabled: options.enabled ?? true,
  });
}

export function useFleet(range: Range) {
  return usePolled<Fleet>("fleet", { project: useProject(), ...range }, { live: isLive(range) });
}

/** So many points has the small curve of a cohort. */
const PARTS = 20;

export function useCohorts(range: Range, by: readonly string[]) {
  const query = { project: useProject(), ...range, by: by.join(","), limit: 500, parts: PARTS };
  return usePolled<Listing<Cohort>>("cohorts", query, { live: isLive(range), floorS: 5 });
}

/** The same cohorts over another window, to hold them against; asked at its own slow pace. */
export function useCohortsBefore(range: Range | null, by: readonly string[]) {
  const query = { project: useProject(), ...range, by: by.join(","), limit: 500 };
  return usePolled<Listing<Cohort>>("cohorts", query, { live: false, enabled: range !== null });
}

export function useHealth() {
  return usePolled<Health>("health", { project: useProject() });
}

export function useUnmapped() {
  return usePolled<Listing<Unmapped>>("unmapped", { project: useProject(), limit: 200 }, { floorS: 15 });
}

export function useRejections() {
  return usePolled<Listing<Rejection>>("rejections", { project: useProject(), limit: 50 }, { floorS: 5 });
}

export function useSampling() {
  return usePolled<Sampling>("sampling", { project: useProject() }, { floorS: 30 });
}

export function usePrivacy() {
  return usePolled<Privacy>("privacy", { project: useProject() }, { floorS: 30 });
}

export function useRetention() {
  return usePolled<Retention>("retention", { project: useProject() }, { floorS: 30 });
}

export function useLabels() {
  return usePolled<Listing<Label>>("cardinality", { project: useProject() }, { floorS: 30 });
}

export function useFacets(filter: Query, names: readonly string[], live: boolean, enabled = true) {
  return usePolled<Facets>("run-facets", { ...filter, names: names.join(",") }, { live, floorS: 5, enabled });
}

/** The newest runs of a filter, asked again and again: the head of the live tail. */
export function useRunsHead(filter: Query, options: { live: boolean; enabled: boolean; limit: number }) {
  const { live, enabled, limit } = options;
  return usePolled<Listing<Run>>("runs", { ...filter, limit }, { live, enabled, keep: false });
}

export function useRun(runId: string, enabled = true) {
  const project = useProject();
  const prefs = usePrefs();
  return useQuery({
    queryKey: ["runs", runId, project],
    queryFn: ({ signal }) => getJson<Run>(`runs/${encodeURIComponent(runId)}`, { project }, signal),
    refetchInterval: (query) => pollMs(prefs, query.state.data?.lifecycle !== "finished"),
    enabled,
  });
}

export function spanPath(runId: string, spanId: string): string {
  return `runs/${encodeURIComponent(runId)}/spans/${encodeURIComponent(spanId)}`;
}

export function spanQuery(runId: string, spanId: string, project: string) {
  return {
    queryKey: ["span", runId, spanId, project],
    queryFn: ({ signal }: { signal: AbortSignal }) => getJson<SpanDetail>(spanPath(runId, spanId), { project }, signal),
    staleTime: 30000,
    // Messages may be megabytes: comparing them for structural sharing costs more than drawing them.
    structuralSharing: false,
  };
}
