/** The queue of agents that ask before a withheld tool, as the API answers it, and the two ways to answer. */

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { postJson } from "./client";
import type { Quantity } from "./promised";
import { usePolled, useProject } from "./queries";
import type { Listing } from "./types";

export interface Approval {
  approval_id: string;
  state: "pending" | "approved" | "refused" | "expired";
  tool: string;
  arguments: string | null;
  why: string;
  task_id: string | null;
  run_id: string | null;
  agent: string | null;
  quantity: Quantity | null;
  q90: number | null;
  ceiling: number | null;
  spent: number | null;
  asked_at: string;
  expires_at: string;
  decided_at: string | null;
  by: string | null;
  reason: string | null;
}

export interface Approvals extends Listing<Approval> {
  pending_n: number;
}

export function useApprovals() {
  return usePolled<Approvals>("approvals", { project: useProject(), limit: 50 });
}

export interface Decision {
  approvalId: string;
  decision: "approve" | "refuse";
  by: string;
  reason: string | null;
}

export function useDecide() {
  const project = useProject();
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ approvalId, ...body }: Decision) =>
      postJson<Approval>(`approvals/${encodeURIComponent(approvalId)}/decide`, { project }, body),
    onSettled: () => client.invalidateQueries({ queryKey: ["approvals"] }),
  });
}
