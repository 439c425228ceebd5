/** Kinds of operations: a short word each and a tint; the word is always shown. */

const SHORT: Record<string, string> = {
  agent: "agent",
  workflow: "flow",
  llm: "llm",
  tool: "tool",
  retrieval: "fetch",
  embedding: "embed",
  rerank: "rank",
  memory: "mem",
  plan: "plan",
  guardrail: "guard",
  evaluator: "eval",
  handoff: "hand",
  chain: "chain",
  other: "other",
};

export function Kind({ kind }: { kind: string }) {
  return <span className={`kind kind-${kind}`}>{SHORT[kind] ?? kind}</span>;
}

/** A kind as a word. */
export function kindWord(kind: string): string {
  return SHORT[kind] ?? kind;
}

/** The token of the style that a kind is drawn with on canvas. */
export function kindToken(kind: string): string {
  if (kind === "llm") return "--kind-llm";
  if (kind === "tool" || kind === "retrieval") return "--kind-tool";
  if (kind === "agent" || kind === "workflow" || kind === "chain") return "--kind-agent";
  return "--kind-other";
}
