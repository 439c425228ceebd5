/** Closing an alert: a reason, and who says so. A panel in its place, no dialog over it. */

import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useClose } from "../api/watch-queries";
import type { Alert } from "../api/watched";
import { Failure } from "../parts/feedback";

const BY = "quarterdeck.by";
const REASON_MAX = 2000;

function savedBy(): string {
  return window.localStorage.getItem(BY) ?? "";
}

export function ClosePanel({ alert, done }: { alert: Alert; done: () => void }) {
  const close = useClose();
  const [reason, setReason] = useState("");
  const [by, setBy] = useState(savedBy);
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => box.current?.focus(), []);
  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (!reason.trim() || close.isPending) return;
    window.localStorage.setItem(BY, by.trim());
    close.mutate({ alertId: alert.alert_id, reason: reason.trim(), by: by.trim() || null }, { onSuccess: done });
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Escape") done();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <form className="close-panel" aria-label="Close this alert" onSubmit={send} onKeyDown={press}>
      <label>
        Why is it closed? Whoever sees it come again will read this.
        <textarea
          ref={box}
          rows={3}
          maxLength={REASON_MAX}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </label>
      <label>
        by <input value={by} onChange={(event) => setBy(event.target.value)} autoComplete="off" maxLength={100} />
      </label>
      {close.error ? <Failure error={close.error} /> : null}
      <p className="close-foot">
        <button type="submit" disabled={!reason.trim() || close.isPending}>
          Close the alert <kbd>Ctrl ↵</kbd>
        </button>
        <button type="button" onClick={done}>
          Leave it open <kbd>Esc</kbd>
        </button>
      </p>
    </form>
  );
}
