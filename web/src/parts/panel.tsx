/** A form in its place, no dialog over the view: Escape leaves it, Ctrl Enter sends it. And who says so, kept for the next time. */

import { type FormEvent, type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Failure } from "./feedback";

const BY = "quarterdeck.by";
const BY_MAX = 100;

/** Who acts, as it was typed last in this browser. */
export function useBy(): [string, (by: string) => void] {
  return useState(() => window.localStorage.getItem(BY) ?? "");
}

export function saveBy(by: string): string {
  const named = by.trim();
  window.localStorage.setItem(BY, named);
  return named;
}

export function ByField({ by, setBy }: { by: string; setBy: (by: string) => void }) {
  return (
    <label>
      by{" "}
      <input
        value={by}
        onChange={(event) => setBy(event.target.value)}
        autoComplete="off"
        maxLength={BY_MAX}
        required
      />
    </label>
  );
}

type PanelProps = {
  label: string;
  send: () => void;
  sendWords: string;
  ready: boolean;
  pending: boolean;
  error: unknown;
  done?: () => void;
  doneWords?: string;
  children: ReactNode;
};

export function Panel(props: PanelProps) {
  const { label, send, sendWords, ready, pending, error, done, doneWords = "Not now", children } = props;
  const box = useRef<HTMLFormElement>(null);
  const asked = done !== undefined;
  useEffect(() => {
    if (asked) box.current?.querySelector<HTMLElement>("[data-first], textarea, input, select")?.focus();
  }, [asked]);
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (ready && !pending) send();
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Escape" && done) done();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <form ref={box} className="close-panel" aria-label={label} onSubmit={submit} onKeyDown={press}>
      {children}
      {error ? <Failure error={error} /> : null}
      <p className="close-foot">
        <button type="submit" disabled={!ready || pending}>
          {sendWords} <kbd>Ctrl ↵</kbd>
        </button>
        {done && (
          <button type="button" onClick={done}>
            {doneWords} <kbd>Esc</kbd>
          </button>
        )}
      </p>
    </form>
  );
}

type TextProps = {
  label: string;
  value: string;
  set: (text: string) => void;
  rows?: number;
  hint?: string;
  max?: number;
};

/** One line, or `rows` of them. */
export function TextField({ label, value, set, rows, hint, max = 2000 }: TextProps) {
  const id = useId();
  const typed = {
    id,
    value,
    maxLength: max,
    onChange: (event: { target: { value: string } }) => set(event.target.value),
  };
  return (
    <p className="field">
      <label htmlFor={id}>{label}</label>
      {rows ? <textarea rows={rows} {...typed} /> : <input placeholder={hint} autoComplete="off" {...typed} />}
    </p>
  );
}

type ChoiceProps = {
  label: string;
  value: string;
  set: (text: string) => void;
  of: readonly (readonly [string, string])[];
};

export function SelectField({ label, value, set, of }: ChoiceProps) {
  const id = useId();
  return (
    <p className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => set(event.target.value)}>
        {of.map(([name, words]) => (
          <option key={name} value={name}>
            {words}
          </option>
        ))}
      </select>
    </p>
  );
}
