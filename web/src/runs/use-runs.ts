/** The runs of a filter: pages by cursor below, the live tail on top. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { getJson } from "../api/client";
import { useProject, useRunsHead } from "../api/queries";
import type { Listing, Run } from "../api/types";
import { isLive } from "../url/range";
import { filterQuery, NEWEST, type RunsState } from "./filter";
import { joined, type Tail, withHead } from "./tail";

const PAGE = 100;

export interface RunsList extends Tail {
  error: unknown;
  pending: boolean;
  more: boolean;
  loadingMore: boolean;
  loadMore: () => void;
  /** Whether the order allows a live tail at all. */
  tailed: boolean;
  /** Starts over from the newest: takes in everything that waits. */
  restart: () => void;
}

export function useRuns(state: RunsState, atTop: boolean): RunsList {
  const project = useProject();
  const filter = { ...filterQuery(state, project), sort: state.sort };
  const key = JSON.stringify(filter);
  const pages = useInfiniteQuery({
    queryKey: ["runs-pages", key],
    queryFn: ({ pageParam, signal }) =>
      getJson<Listing<Run>>("runs", { ...filter, limit: PAGE, cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const tailed = state.sort === NEWEST && isLive(state.range);
  const head = useRunsHead(filter, { live: tailed, enabled: tailed && pages.isSuccess, limit: PAGE }).data;
  const base = useMemo(() => joined((pages.data?.pages ?? []).map((page) => page.items)), [pages.data]);
  const [kept, setKept] = useState<{ key: string; rows: readonly Run[] }>({ key, rows: [] });
  const shown = useMemo(() => joined([kept.key === key ? kept.rows : [], base]), [kept, key, base]);
  const tail = useMemo(
    () => withHead(shown, head?.items ?? [], !state.paused && atTop),
    [shown, head, state.paused, atTop],
  );
  // Rows taken in stay in, also when the reader scrolls down or pauses afterwards.
  useEffect(() => {
    const gained = tail.rows.length > shown.length;
    const moved = tail.rows.some((run, i) => run !== shown[i]);
    if (gained || moved) setKept({ key, rows: tail.rows });
  }, [tail, shown, key]);
  return {
    ...tail,
    error: pages.error,
    pending: pages.isPending,
    more: pages.hasNextPage,
    loadingMore: pages.isFetchingNextPage,
    loadMore: () => void pages.fetchNextPage(),
    tailed,
    restart: () => {
      setKept({ key, rows: [] });
      void pages.refetch();
    },
  };
}
