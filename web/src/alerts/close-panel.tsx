/** Closing an alert: each way with its price and why it is not allowed, a reason, and who says so. A panel, no dialog. */

import { useState } from "react";
import { useIncidents } from "../api/incidents";
import { actOn, type Choice, useAct, useChoices, useProbes } from "../api/oncall";
import type { Alert } from "../api/watched";
import { Awaiting, Failure } from "../parts/feedback";
import { ByField, Panel, SelectField, saveBy, TextField, useBy } from "../parts/panel";
import { asksFor, asksWords, expiryWords, kindWords, VERDICT_WORDS } from "../words/oncall";

type Extra = { other_alert_id: string; probe_id: string; incident_id: string; approver: string };
const NONE: Extra = { other_alert_id: "", probe_id: "", incident_id: "", approver: "" };

export function ClosePanel({ alert, done }: { alert: Alert; done: () => void }) {
  const choices = useChoices(alert.alert_id);
  const act = useAct();
  const [by, setBy] = useBy();
  const [kind, setKind] = useState<string | null>(null);
  const [reason, setReason] = useState("");
  const [extra, setExtra] = useState(NONE);
  const chosen = choices.data?.items.find((one) => one.kind === kind) ?? null;
  const send = () => {
    const given = Object.fromEntries(Object.entries(extra).filter(([, value]) => value.trim() !== ""));
    const body = { as: kind, reason: reason.trim(), by: saveBy(by), ...given };
    act.mutate(actOn.close(alert.alert_id, body), { onSuccess: done });
  };
  if (!choices.data)
    return choices.error ? (
      <Failure error={choices.error} retry={() => choices.refetch()} />
    ) : (
      <Awaiting what="the ways to close it and their prices" lines={6} />
    );
  return (
    <Panel
      {...{ label: "Close this alert", sendWords: "Close the alert", done, send, error: act.error }}
      doneWords="Leave it open"
      pending={act.isPending}
      ready={chosen !== null && open(chosen) && reason.trim() !== "" && by.trim() !== ""}
    >
      <Ways items={choices.data.items} kind={kind} choose={setKind} />
      {chosen && <Evidence {...{ alert, chosen, extra }} set={(more) => setExtra({ ...extra, ...more })} />}
      <TextField
        label="Why? Whoever sees it come again reads this, and later runs are held against it."
        {...{ value: reason, set: setReason, rows: 2 }}
      />
      <ByField by={by} setBy={setBy} />
    </Panel>
  );
}

/** What an investigation would allow can be chosen: it is attached below. */
function open(choice: Choice): boolean {
  return choice.allowed || choice.code === "investigation_required";
}

type WaysProps = { items: readonly Choice[]; kind: string | null; choose: (kind: string) => void };

function Ways({ items, kind, choose }: WaysProps) {
  return (
    <fieldset className="ways">
      <legend>What was it?</legend>
      {items.map((one, i) => (
        <label key={one.kind} className={open(one) ? "way" : "way way-shut"}>
          <input
            type="radio"
            name="as"
            value={one.kind}
            data-first={i === 0 ? "" : undefined}
            checked={kind === one.kind}
            disabled={!open(one)}
            onChange={() => choose(one.kind)}
          />
          <span>
            <strong>{kindWords(one.kind)}</strong> <span className="muted">{expiryWords(one)}</span>
            <span className="way-line">
              Changes: {one.parameter}. Price: {one.price}
            </span>
            {asksWords(one) && <span className="way-line muted">Asks for {asksWords(one)}.</span>}
            {!one.allowed && one.why_not && <span className="way-line bad-text">Not as it is: {one.why_not}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

type EvidenceProps = { alert: Alert; chosen: Choice; extra: Extra; set: (more: Partial<Extra>) => void };

function Evidence({ alert, chosen, extra, set }: EvidenceProps) {
  const probes = (useProbes(alert.alert_id).data?.items ?? []).filter((one) => one.verdict !== null);
  const incidents = (useIncidents().data?.items ?? []).filter((one) => one.alert_ids.includes(alert.alert_id));
  return (
    <>
      {asksFor(chosen, "other") && (
        <TextField
          label="Id of the other alert"
          value={extra.other_alert_id}
          set={(other_alert_id) => set({ other_alert_id })}
        />
      )}
      {asksFor(chosen, "probe") && (
        <SelectField
          label="Probe"
          value={extra.probe_id}
          set={(probe_id) => set({ probe_id })}
          of={[
            ["", probes.length === 0 ? "none has a verdict: press Esc, then p" : "none"],
            ...probes.map(
              (one) => [one.probe_id, `${VERDICT_WORDS[one.verdict ?? "undecided"]}: ${one.in_words}`] as const,
            ),
          ]}
        />
      )}
      {asksFor(chosen, "incident") && (
        <SelectField
          label="Incident"
          value={extra.incident_id}
          set={(incident_id) => set({ incident_id })}
          of={[["", "none"], ...incidents.map((one) => [one.incident_id, one.title] as const)]}
        />
      )}
      {asksFor(chosen, "approver") && (
        <TextField label="Approver" value={extra.approver} set={(approver) => set({ approver })} />
      )}
    </>
  );
}
