/** The outline of a run: a beginning at once, the whole as soon as the server has built it. */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { getJson } from "../api/client";
import { useProject } from "../api/queries";
import type { OutlineAnswer, OutlineBuckets, Run } from "../api/types";
import { type Outline, outlineOf } from "./outline";

/** What the first paint shows; a screen has about forty rows. */
const FIRST = 400;
const PAGE = 50000;
/** Pixels of the minimap: more than most screens have. */
const WIDTH = 1200;

/** What one tab draws; a larger run is shown up to here, and it is said. About 30 MB. */
const SPANS_MAX = 200000;

export interface Spans {
  outline: Outline;
  buckets: OutlineBuckets | null;
  error: unknown;
  pending: boolean;
  /** Whether all rows are here. Until then rows may still come between those that are shown. */
  complete: boolean;
  capped: boolean;
  retry: () => void;
}

export function outlinePath(runId: string): string {
  return `runs/${encodeURIComponent(runId)}/outline`;
}

/** Asked before the run itself has come: both travel together. */
export function useOutline(runId: string, run: Run | undefined): Spans {
  const project = useProject();
  const version = run && run.lifecycle !== "finished" ? `${run.last_seen} ${run.spans}` : "";
  const quick = useQuery({
    queryKey: ["outline", "quick", runId, project],
    queryFn: ({ signal }) =>
      getJson<OutlineAnswer>(outlinePath(runId), { project, quick: "true", limit: FIRST, width: WIDTH }, signal),
    structuralSharing: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const whole = quick.data?.state === "whole" && !quick.data.next_cursor;
  const pages = useInfiniteQuery({
    queryKey: ["outline", "whole", runId, project],
    queryFn: ({ pageParam, signal }) =>
      getJson<OutlineAnswer>(
        outlinePath(runId),
        { project, limit: PAGE, cursor: pageParam, width: pageParam === null ? WIDTH : null },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    enabled: quick.isSuccess && (!whole || version !== ""),
    structuralSharing: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const read = pages.data?.pages ?? [];
  const loaded = read.reduce((sum, page) => sum + page.columns.span_id.length, 0);
  const capped = loaded >= SPANS_MAX && pages.hasNextPage;
  const { fetchNextPage, hasNextPage, isFetching, isError, refetch } = pages;
  useEffect(() => {
    if (hasNextPage && !isFetching && !isError && !capped) void fetchNextPage();
  }, [hasNextPage, isFetching, isError, capped, fetchNextPage]);
  useReread(version, pages.isSuccess && !hasNextPage, refetch);
  const outline = useMemo(
    () => outlineOf(pages.data?.pages.length ? pages.data.pages : quick.data ? [quick.data] : []),
    [pages.data, quick.data],
  );
  return {
    outline,
    buckets: read[0]?.buckets ?? quick.data?.buckets ?? null,
    error: quick.error ?? pages.error,
    pending: quick.isPending,
    complete: read.length > 0 ? !hasNextPage : whole,
    capped,
    retry: () => void (quick.isError ? quick.refetch() : refetch()),
  };
}

/** Reads again when a living run says that something came. The server builds it anew, so not while it is being read. */
function useReread(version: string, idle: boolean, refetch: () => unknown): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: another version is the reason to read
  useEffect(() => {
    if (version && idle) refetch();
  }, [version]);
}
