import { describe, expect, it } from "vitest";
import type { Account, Dimension, Lane, Limits } from "../api/limits";
import {
  breakerWords,
  freeWords,
  gatewayLines,
  gaugeWords,
  limitsSentence,
  parts,
  retryWords,
  scarcest,
  tenantsWords,
  untilWords,
  unused,
  waitsFor,
} from "./limits";

function dimension(given: Partial<Dimension> = {}): Dimension {
  const base = {
    scope: "",
    dimension: "input",
    unit: "input tokens a minute",
    limit: 450_000,
    capacity: 450_000,
  } as const;
  return { ...base, used: 240_400, reserved: 88_200, remaining: 121_400, full_in_s: 43.8, full_at: null, ...given };
}

function lane(given: Partial<Lane> = {}): Lane {
  return { lane: "standard", calls: 0, tokens: 0, tenants: [], starts_in_s: 0, starts_at: null, ...given };
}

function account(given: Partial<Account> = {}): Account {
  return {
    account: "claude-*",
    meter: "anthropic",
    dimensions: [dimension()],
    lanes: [lane()],
    held_back: [],
    in_flight: 0,
    in_flight_max: null,
    shed: [],
    retries: { first_attempts: 100, retries: 3, denied: 0, share: 0.03, budget_left: 9.7 },
    refused_by_provider: 0,
    breakers: [],
    blocked: null,
    answers: 0,
    cut_answers: 0,
    first_token_s: null,
    little: null,
    ...given,
  };
}

function limits(...items: Account[]): Limits {
  return { items, at: "2026-01-01T00:00:00Z", stops: [], stop_refused: 0 };
}

describe("gauges", () => {
  it("draw what is used and reserved, never more than the whole", () => {
    expect(parts(dimension())).toEqual({ used: 240_400 / 450_000, reserved: 88_200 / 450_000 });
    expect(parts(dimension({ used: 600_000, remaining: -238_200 }))).toEqual({
      used: 1 - 88_200 / 450_000,
      reserved: 88_200 / 450_000,
    });
    expect(parts(dimension({ used: -10 })).used).toBe(0);
  });

  it("say a debt as a debt, and when the bucket is free again", () => {
    expect(gaugeWords(dimension())).toBe("240k used, 88k reserved, 121k remaining of 450k".replace("88k", "88.2k"));
    expect(gaugeWords(dimension({ remaining: -2_000 }))).toContain("2k owed");
    expect(gaugeWords(dimension({ reserved: 0, full_in_s: 0 }))).toBe("nothing used of 450k");
    expect(parts(dimension({ used: 1_875, reserved: 0, full_in_s: 0 })).used).toBe(0);
    expect(freeWords(dimension())).toBe("free in 44 s");
    expect(freeWords(dimension({ full_in_s: 0 }))).toBe("free");
    expect(freeWords(dimension({ full_in_s: null, reserved: 3 }))).toBe("free when its calls end");
  });

  it("name the scarcest of the account's own", () => {
    const output = dimension({ dimension: "output", remaining: 90_000, capacity: 90_000 });
    const share = dimension({ scope: "tenant:acme", remaining: 0 });
    expect(scarcest(account({ dimensions: [output, dimension(), share] }))?.dimension).toBe("input");
    expect(scarcest(account({ dimensions: [] }))).toBeNull();
  });
});

describe("the queue", () => {
  it("says who waits, for what and until when", () => {
    const full = lane({ calls: 9, tenants: ["a", "b", "c", "d", "e"].map((tenant, i) => ({ tenant, calls: i + 1 })) });
    expect(tenantsWords(full)).toBe("e 5, d 4, c 3, b 2, 1 other tenant");
    expect(tenantsWords(lane({ tenants: [{ tenant: "", calls: 2 }] }))).toBe("no tenant 2");
    expect(untilWords(lane({ starts_in_s: 24.5 }))).toBe("in 25 s");
    expect(untilWords(lane())).toBe("at once");
    expect(untilWords(lane({ calls: 3 }))).toBe("as one of the next");
    expect(untilWords(lane({ starts_in_s: null }))).toBe("until another call ends");
    expect(waitsFor(account())).toBe("input tokens");
    expect(waitsFor(account({ blocked: { reason: "circuit_open", ends_in_s: 4 } }))).toBe(
      "the provider to answer again",
    );
  });

  it("is told in one sentence", () => {
    expect(limitsSentence(limits(account()))).toBe(
      "Nobody waits; the scarcest are input tokens of claude-*, 27 % remaining.",
    );
    const busy = account({ lanes: [lane({ calls: 40 })], held_back: [{ scope: "task:x", calls: 1 }] });
    expect(limitsSentence(limits(busy))).toContain("41 calls wait");
    const closed = account({ blocked: { reason: "paused", ends_in_s: 3 } });
    expect(limitsSentence(limits(closed))).toContain("claude-* sends nothing");
  });
});

describe("retries and breakers", () => {
  it("stand against their budget", () => {
    expect(retryWords(account())).toBe("3 for 100 first attempts (3 %); 9 may go out now");
    const denied = { first_attempts: 0, retries: 0, denied: 2, share: null, budget_left: 0 };
    expect(retryWords(account({ retries: denied }))).toContain("2 more were not allowed");
  });

  it("say when they try again", () => {
    const one = { failure: "server", opened: 2, looks_again_in_s: 0 } as const;
    expect(breakerWords({ ...one, state: "closed" })).toBe("closed, opened 2 times");
    expect(breakerWords({ ...one, state: "open", looks_again_in_s: 5 })).toBe("open, tries again in 5 s");
    expect(breakerWords({ ...one, state: "half_open", looks_again_in_s: null })).toContain("one call tries");
  });
});

describe("before the first call", () => {
  it("teaches two lines", () => {
    expect(gatewayLines("http://127.0.0.1:4321/").split("\n")).toEqual([
      "export OPENAI_BASE_URL=http://127.0.0.1:4321/openai/v1",
      "export ANTHROPIC_BASE_URL=http://127.0.0.1:4321/anthropic",
    ]);
    const fresh = account({ retries: { first_attempts: 0, retries: 0, denied: 0, share: null, budget_left: 3 } });
    expect(unused(limits(fresh))).toBe(true);
    expect(unused(limits(account()))).toBe(false);
  });
});
