/** Probing an alert: its input again, candidate beside baseline; progress as it comes, and a verdict with its error rates. */

import { useEffect, useState } from "react";
import { actOn, type Probe, useAct, useProbes, useProbeTargets } from "../api/oncall";
import type { Alert } from "../api/watched";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { Mark } from "../parts/icons";
import { useNow } from "../parts/now";
import { ByField, Panel, SelectField, saveBy, TextField, useBy } from "../parts/panel";
import { capital } from "../words/numbers";
import { errorWords, pairsWords, VERDICT_WORDS } from "../words/oncall";
import { ago, moment } from "../words/time";

const PAIRS_MAX = 20;

export function ProbePanel({ alert, done }: { alert: Alert; done: () => void }) {
  const targets = useProbeTargets();
  const act = useAct<Probe>();
  const [by, setBy] = useBy();
  const [target, setTarget] = useState("");
  const [runId, setRunId] = useState("");
  const [input, setInput] = useState("");
  const items = targets.data?.items ?? [];
  const named = target || items[0]?.name || "";
  useEffect(() => {
    if (!target && items[0]) setTarget(items[0].name);
  }, [target, items]);
  if (!targets.data)
    return targets.error ? (
      <Failure error={targets.error} retry={() => targets.refetch()} />
    ) : (
      <Awaiting what="what can be probed" lines={4} />
    );
  if (items.length === 0) return <NoTarget />;
  const send = () => {
    const body = { target: named, by: saveBy(by), ...(runId ? { run_id: runId } : {}), ...(input ? { input } : {}) };
    act.mutate(actOn.probe(alert.alert_id, body));
  };
  return (
    <Panel
      {...{ label: "Probe", sendWords: "Run the probe", doneWords: "Back to the alert", done, send, error: act.error }}
      pending={act.isPending}
      ready={named !== "" && by.trim() !== ""}
    >
      <SelectField
        label="Target"
        value={named}
        set={setTarget}
        of={items.map((one) => [one.name, `${one.name} (${one.kind}: ${one.candidate} beside ${one.baseline})`])}
      />
      <SelectField label="Input of run" value={runId} set={setRunId} of={runsOf(alert)} />
      <TextField label="Or this input" value={input} set={setInput} rows={2} max={100000} />
      <p className="muted">At most {PAIRS_MAX} pairs. The run that raised the alert is not counted.</p>
      <ByField by={by} setBy={setBy} />
      <Probes alertId={alert.alert_id} />
    </Panel>
  );
}

function NoTarget() {
  return (
    <Nothing>
      No target is named, so nothing can be run again from here. Name one under <code>[probes.targets]</code> in the
      settings, or run <code>quarterdeck alerts probe</code> with a command of your own.
    </Nothing>
  );
}

function runsOf(alert: Alert): [string, string][] {
  const known = alert.exemplars?.filter((one) => one.role !== "healthy").map((one) => one.run_id) ?? [];
  const ids = [...new Set([...known, ...alert.findings.flatMap((one) => one.run_ids)])].slice(0, 5);
  return [["", "the worst run of the alert"], ...ids.map((id) => [id, id] as [string, string])];
}

/** Those of one alert, the newest first. */
export function Probes({ alertId, titled = false }: { alertId: string; titled?: boolean }) {
  const answer = useProbes(alertId);
  const items = answer.data?.items ?? [];
  if (items.length === 0) return null;
  return (
    <section aria-label="Probes of this alert">
      {titled && <h2>Probes</h2>}
      <ul className="probes">
        {items.map((one) => (
          <OneProbe key={one.probe_id} probe={one} />
        ))}
      </ul>
    </section>
  );
}

const MARKS = { regression: "error", wobble: "ok", undecided: "unknown" } as const;

function OneProbe({ probe }: { probe: Probe }) {
  const now = useNow(1000);
  const words = errorWords(probe);
  return (
    <li className="probe" data-state={probe.state}>
      <p role="status">
        <Mark name={probe.verdict ? MARKS[probe.verdict] : probe.state === "failed" ? "error" : "running"} />{" "}
        <strong>{probe.verdict ? VERDICT_WORDS[probe.verdict] : stateWords(probe)}</strong>{" "}
        <span className="muted" title={moment(probe.ended_at ?? probe.at)}>
          {ago(probe.ended_at ?? probe.at, now)}
          {probe.by && (
            <>
              {" "}
              by <bdi>{probe.by}</bdi>
            </>
          )}
        </span>
      </p>
      <Pairs probe={probe} />
      {probe.in_words && (
        <p>
          <bdi>{capital(probe.in_words)}.</bdi>
        </p>
      )}
      {probe.because && (
        <p className="bad-text">
          <bdi>{probe.because}</bdi>
        </p>
      )}
      {words && <p className="muted">{words}</p>}
    </li>
  );
}

function stateWords(probe: Probe): string {
  if (probe.state === "waiting") return "Waits for the provider's limit";
  return probe.state === "failed" ? "Could not be run" : "Runs";
}

/** One row of cells for each side: filled = failed. The row has the room of all pairs from the beginning. */
function Pairs({ probe }: { probe: Probe }) {
  const row = (name: string, failures: number) => (
    <span className="pair-row">
      <span className="muted">{name}</span>
      <span className="pair-bar" aria-hidden="true">
        {Array.from({ length: PAIRS_MAX }, (_, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: cells are all alike
          <span key={i} className={i < failures ? "pair failed" : i < probe.pairs ? "pair ran" : "pair"} />
        ))}
      </span>
    </span>
  );
  return (
    <>
      {row("candidate", probe.candidate_failures)}
      {row("baseline", probe.baseline_failures)}
      {!probe.in_words && <p>{pairsWords(probe)}</p>}
    </>
  );
}
