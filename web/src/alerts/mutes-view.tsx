/** Mutes: what may not page, whose they are, until when, what they held, and the canary that pages through them. */

import { useState } from "react";
import { type Mute, useAct, useMutes } from "../api/oncall";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { useKeys } from "../parts/keys";
import { useNow } from "../parts/now";
import { ByField, Panel, saveBy, TextField, useBy } from "../parts/panel";
import { setParams, useHere } from "../url/navigation";
import { count, plural } from "../words/numbers";
import { leftWords, muteWhat } from "../words/oncall";
import { moment } from "../words/time";
import { Tabs } from "./tabs";

const HOURS_MAX = 72;

export function MutesView() {
  const { params } = useHere();
  const answer = useMutes();
  const making = params.get("panel") === "mute";
  const show = (open: boolean) => setParams({ panel: open ? "mute" : null }, { replace: true });
  useKeys({ m: () => show(true), Escape: () => show(false) });
  const standing = (answer.data?.items ?? []).filter((one) => one.ended_at === null);
  return (
    <div className="view mutes">
      <h1 className="off-screen">Mutes</h1>
      <Tabs />
      <p className="in-words">{answer.data ? sentence(standing.length) : "\u00a0"}</p>
      <p>
        <button type="button" onClick={() => show(!making)} aria-pressed={making}>
          Mute… <kbd>m</kbd>
        </button>
      </p>
      {making && <NewMute done={() => show(false)} />}
      {answer.data ? (
        <List items={answer.data.items} />
      ) : answer.error ? (
        <Failure error={answer.error} retry={() => answer.refetch()} />
      ) : (
        <Awaiting what="the mutes" lines={6} />
      )}
    </div>
  );
}

function sentence(standing: number): string {
  if (standing === 0) return "Nothing is muted: what fires may page.";
  return `${plural(standing, "mute")} ${standing === 1 ? "holds" : "hold"} pages. What is muted is still watched.`;
}

function List({ items }: { items: readonly Mute[] }) {
  if (items.length === 0)
    return (
      <Nothing>
        A mute holds pages of one signal and slice for at most {HOURS_MAX} hours. When the signal gets worse than it was
        at its begin, it pages all the same.
      </Nothing>
    );
  return (
    <ul className="cards" aria-label="Mutes">
      {items.map((one) => (
        <OneMute key={one.mute_id} mute={one} />
      ))}
    </ul>
  );
}

function OneMute({ mute }: { mute: Mute }) {
  const now = useNow(5000);
  const act = useAct();
  const [by] = useBy();
  const end = () =>
    act.mutate({ path: `mutes/${encodeURIComponent(mute.mute_id)}/end`, body: { by: by || mute.owner } });
  return (
    <li>
      <p>
        <strong>
          <bdi>{muteWhat(mute)}</bdi>
        </strong>
        <span className="muted" title={moment(mute.until)}>
          {mute.ended_at ? `ended: ${mute.ended_because ?? "over"}` : leftWords(mute.until, now)}
        </span>
        {mute.ended_at === null && (
          <button type="button" onClick={end} disabled={act.isPending}>
            End it
          </button>
        )}
      </p>
      <p>
        <bdi>{mute.reason}</bdi>{" "}
        <span className="muted">
          (<bdi>{mute.owner}</bdi>; held {plural(mute.held, "page")})
        </span>
      </p>
      {mute.canary && (
        <p className={mute.canary.refuted ? "bad-text" : "muted"}>
          Canary after {count(mute.canary.n)} runs: <bdi>{mute.canary.words}</bdi>
        </p>
      )}
      {act.error ? <Failure error={act.error} /> : null}
    </li>
  );
}

/** "agent=support-agent, environment=prod" as an object; null when a part has no equals sign. */
function whereOf(text: string): Record<string, string> | null {
  const parts = text.split(",").map((one) => one.trim());
  const pairs = parts
    .filter(Boolean)
    .map((one) => [one.slice(0, one.indexOf("=")).trim(), one.slice(one.indexOf("=") + 1).trim()]);
  return parts.some((one) => one !== "" && one.indexOf("=") < 1) ? null : Object.fromEntries(pairs);
}

function NewMute({ done }: { done: () => void }) {
  const act = useAct();
  const [by, setBy] = useBy();
  const [signal, setSignal] = useState("");
  const [slice, setSlice] = useState("");
  const [reason, setReason] = useState("");
  const [hours, setHours] = useState("4");
  const where = whereOf(slice);
  const span = Number(hours);
  const ready = where !== null && reason.trim() !== "" && by.trim() !== "" && span > 0 && span <= HOURS_MAX;
  const send = () => {
    const body = { signal: signal.trim() || null, where, hours: span, owner: saveBy(by), reason: reason.trim() };
    act.mutate({ path: "mutes", body }, { onSuccess: done });
  };
  return (
    <Panel {...{ label: "Mute", sendWords: "Mute it", done, send, ready, error: act.error, pending: act.isPending }}>
      <TextField label="Signal (empty: every signal)" value={signal} set={setSignal} hint="failing" max={200} />
      <TextField
        label="Slice (empty: the whole fleet)"
        value={slice}
        set={setSlice}
        hint="agent=support-agent, environment=prod"
      />
      {where === null && <p className="bad-text">A slice is name=value, with commas between.</p>}
      <TextField label="Why?" value={reason} set={setReason} rows={2} />
      <label>
        hours (at most {HOURS_MAX}){" "}
        <input
          type="number"
          min={0.5}
          max={HOURS_MAX}
          step={0.5}
          value={hours}
          onChange={(e) => setHours(e.target.value)}
        />
      </label>
      <ByField by={by} setBy={setBy} />
    </Panel>
  );
}
