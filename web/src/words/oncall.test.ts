import { describe, expect, it } from "vitest";
import { actKeys, panelOf, takes } from "../alerts/acts";
import type { Incident } from "../api/incidents";
import type { Choice, Probe } from "../api/oncall";
import type { Alert } from "../api/watched";
import { byUrgency } from "./alerts";
import { byHarm, clockWords, exposureWords, firstFacts, listWords, numberOf, severityWords } from "./incidents";
import {
  asksFor,
  asksWords,
  beforeWords,
  calibrationWords,
  errorWords,
  expiryWords,
  leftWords,
  pagingWords,
  shareWords,
} from "./oncall";

const ALERT = { alert_id: "a", state: "firing", findings: [], opened_at: "2026-11-24T08:00:00Z" } as unknown as Alert;
const CHOICE: Choice = {
  ...{ kind: "wobble", parameter: "none", asks_for: ["reason", "by", "probe_id"], price: "none", expires_days: 7 },
  ...{ allowed: false, why_not: "no probe", code: "bad_input" },
};

describe("alerts on call", () => {
  it("puts what pages before what does not, and a policy before a shift", () => {
    const one = (alert_id: string, more: Partial<Alert>) => ({ ...ALERT, alert_id, ...more });
    const paging = { what: "page", reason: "fires", defect: false } as const;
    const sorted = byUrgency([
      one("shift", { class: "shift" }),
      one("policy", { class: "policy" }),
      one("paged", { class: "shift", paging }),
    ]);
    expect(sorted.map((alert) => alert.alert_id)).toEqual(["paged", "policy", "shift"]);
  });
  it("says why it is quiet, and when that is a fault of its own", () => {
    expect(pagingWords({ what: "batch", reason: "no first action", defect: true })).toBe(
      "not paged, in the digest (a defect of this alert): no first action",
    );
    expect(pagingWords(null)).toBeNull();
  });
  it("tells how often it was closed before, and how often that was wrong", () => {
    const closed = { kind: "harmless", by: "ada", at: "2026-11-24T08:00:00Z" };
    expect(
      beforeWords([
        { ...closed, refuted: true },
        { ...closed, refuted: false },
      ]),
    ).toBe("closed twice before, refuted once");
    expect(beforeWords([])).toBeNull();
  });
  it("leaves nothing to decide of what is over, but still probes it", () => {
    const over = { ...ALERT, state: "resolved" } as Alert;
    expect([takes(over, "close"), takes(over, "snooze"), takes(over, "probe")]).toEqual([false, false, true]);
    expect(panelOf("close", over)).toBeNull();
    expect(panelOf("nonsense", ALERT)).toBeNull();
    const opened: string[] = [];
    actKeys((name) => opened.push(name)).d?.();
    expect(opened).toEqual(["close"]);
  });
});

describe("choices", () => {
  it("asks for what this one takes beyond a reason and a name", () => {
    expect(asksWords(CHOICE)).toBe("a probe with a verdict");
    expect(asksFor(CHOICE, "incident")).toBe(false);
    expect(asksFor({ ...CHOICE, code: "investigation_required" }, "incident")).toBe(true);
  });
  it("says until when", () => {
    expect(expiryWords(CHOICE)).toBe("for 7 days");
    expect(expiryWords({ kind: "accepted_change", expires_days: null })).toBe("until the version changes");
  });
});

describe("probes, calibration, drills", () => {
  it("states the error rates of a verdict, and none that is not known", () => {
    const probe = { error_rates: { false_regression: 0.02, missed: null } } as unknown as Probe;
    expect(errorWords(probe)).toBe("Promised: what did not change is called a regression in at most 2 % of probes.");
  });
  it("says n while there is not enough", () => {
    const words = calibrationWords({ stated: 12, decided: 3, needed: 100, brier: null, tenths: [] });
    expect(words).toBe("Not enough data yet: 3 of 100 forecasts have turned out, 12 were stated.");
  });
  it("does not take a share of nothing for zero", () => {
    expect(shareWords({ n: 0, rate: null, low: null, high: null })).toBe("not known yet");
  });
});

const INCIDENT = {
  ...{ incident_id: "i", title: "t", state: "open", severity: null, facts: null, opened_at: "2026-11-24T08:00:00Z" },
  exposure: {
    runs: 40,
    failing: { value: 0.5, low: 0.35, high: 0.65, n: 40 },
    sessions: 40,
    users: 0,
    tenants: 0,
    per_day: null,
  },
} as unknown as Incident;

describe("incidents", () => {
  it("begins the facts with what was counted, and leaves open what nobody knows", () => {
    const facts = firstFacts(INCIDENT);
    expect(facts.rate).toEqual({ events: 20, trials: 40 });
    expect([facts.affected_users, facts.traffic_per_day]).toEqual([null, null]);
  });
  it("takes an empty number for unknown", () => {
    expect([numberOf(""), numberOf("0"), numberOf("x"), numberOf("-1")]).toEqual([null, 0, null, null]);
  });
  it("puts the worst first, what is not graded before it, and what is closed last", () => {
    const one = (incident_id: string, severity: number | null, state = "open") =>
      ({ ...INCIDENT, incident_id, severity, state }) as Incident;
    const sorted = byHarm([one("mild", 3), one("closed", 0, "closed"), one("bad", 1), one("new", null)]);
    expect(sorted.map((incident) => incident.incident_id)).toEqual(["new", "bad", "mild", "closed"]);
    expect(listWords(sorted)).toBe("3 incidents are open; the worst is sev-1.");
    expect(severityWords(null)).toBe("not graded yet");
  });
  it("counts days, not hours, of what is far away", () => {
    const now = Date.parse("2026-11-24T07:00:00Z");
    expect(leftWords("2026-11-24T09:00:00Z", now)).toBe("2 h left");
    expect(leftWords("2030-01-01T00:00:00Z", now)).toBe("1,133 days left");
    expect(leftWords("2026-11-24T06:00:00Z", now)).toBe("ended 60 min ago");
  });
  it("says who was exposed with an interval, and how long a clock has left", () => {
    expect(exposureWords(INCIDENT.exposure)).toBe(
      "40 runs in 40 sessions; 50 % of 40 runs (95 % interval 35 % to 65 %) failed.",
    );
    const clock = {
      code: "c",
      title: "t",
      starts: "awareness",
      because: "",
      hours: 72,
      started_at: null,
      due_at: null,
    };
    const rest = { stopped_at: null, note: null };
    expect(clockWords({ ...clock, ...rest, left_hours: null })).toBe("not started; 3 days from awareness");
    expect(clockWords({ ...clock, ...rest, left_hours: -2 })).toBe("overdue by 2 h");
  });
});
