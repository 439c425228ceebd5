/** All spans of a run, page by page, slim. Says how far it is. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { getJson } from "../api/client";
import { useProject } from "../api/queries";
import type { Listing, Run, RunSpan } from "../api/types";
import { milestone, type SpanRow, slim } from "./tree";

const PAGE = 500;

/** What one tab can hold without swapping; a larger run is shown up to here, and it is said. */
const SPANS_MAX = 50000;

/** A living run is read again from its first page, so only while that is a few requests. */
const REREAD_MAX = 2000;

export interface Spans {
  spans: readonly SpanRow[];
  /** Spans that have come, of which `spans` shows a part while more are coming. */
  loaded: number;
  error: unknown;
  pending: boolean;
  complete: boolean;
  capped: boolean;
  retry: () => void;
}

export function useSpans(run: Run | undefined): Spans {
  const project = useProject();
  const runId = run?.run_id ?? "";
  const pages = useInfiniteQuery({
    queryKey: ["spans", runId, project],
    queryFn: async ({ pageParam, signal }) => {
      const page = await getJson<Listing<RunSpan>>(
        `runs/${encodeURIComponent(runId)}/spans`,
        { project, limit: PAGE, cursor: pageParam },
        signal,
      );
      return { items: page.items.map(slim), next_cursor: page.next_cursor };
    },
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    enabled: run !== undefined,
    structuralSharing: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const read = pages.data?.pages ?? [];
  const loaded = read.reduce((sum, page) => sum + page.items.length, 0);
  const capped = loaded >= SPANS_MAX && pages.hasNextPage;
  const shown = pages.hasNextPage && !capped ? milestone(read.length) : read.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: between milestones the same spans are shown
  const spans = useMemo(
    () => read.slice(0, shown).flatMap((page) => page.items),
    [shown, pages.hasNextPage ? null : pages.data],
  );
  const { fetchNextPage, hasNextPage, isFetching, isError, refetch } = pages;
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError && !capped) void fetchNextPage();
  }, [hasNextPage, isFetching, isError, capped, fetchNextPage]);
  useReread(run, loaded, !hasNextPage && pages.isSuccess, refetch);
  const retry = () => void (loaded > 0 ? fetchNextPage() : refetch());
  return {
    spans,
    loaded,
    error: pages.error,
    pending: pages.isPending,
    complete: pages.isSuccess && !hasNextPage,
    capped,
    retry,
  };
}

/** Reads again when the run says that something came since the last reading. */
function useReread(run: Run | undefined, loaded: number, idle: boolean, refetch: () => unknown): void {
  const seen = run ? `${run.last_seen} ${run.spans} ${run.lifecycle}` : "";
  const read = useRef("");
  useEffect(() => {
    if (!seen || !idle) return;
    if (read.current && read.current !== seen && loaded <= REREAD_MAX) refetch();
    read.current = seen;
  }, [seen, idle, loaded, refetch]);
}
