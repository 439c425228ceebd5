/** Saved views and chosen columns of the runs list: two small folds in its bar. */

import { type FormEvent, type ReactNode, useRef } from "react";
import { Copy } from "../parts/copy";
import { Link, setParams, useHere } from "../url/navigation";
import { ALWAYS, COLUMNS, columnsOf, columnsParam } from "./columns";
import { saveViews, useViews, viewQuery, withView } from "./views";

/** A fold that closes when the reader goes elsewhere. */
function Fold({ title, children }: { title: string; children: ReactNode }) {
  const box = useRef<HTMLDetailsElement>(null);
  const leave = (to: EventTarget | null) => {
    if (box.current && !(to instanceof Node && box.current.contains(to))) box.current.open = false;
  };
  return (
    <details
      className="take-along"
      ref={box}
      onBlur={(event) => event.relatedTarget && leave(event.relatedTarget)}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !box.current?.open) return;
        event.preventDefault();
        leave(null);
      }}
    >
      <summary>{title}</summary>
      <div>{children}</div>
    </details>
  );
}

export function ColumnChooser() {
  const { params } = useHere();
  const shown = columnsOf(params.get("cols"));
  const toggle = (name: string) => {
    const has = shown.some((column) => column.name === name);
    const next = COLUMNS.filter((column) => (column.name === name ? !has : shown.includes(column)));
    setParams({ cols: columnsParam(next) }, { replace: true });
  };
  return (
    <Fold title="columns">
      {COLUMNS.map((column) => (
        <label key={column.name}>
          <input
            type="checkbox"
            checked={shown.includes(column)}
            disabled={ALWAYS.has(column.name)}
            onChange={() => toggle(column.name)}
          />{" "}
          {column.title}
        </label>
      ))}
      <button type="button" className="plain" onClick={() => setParams({ cols: null }, { replace: true })}>
        the usual ones
      </button>
    </Fold>
  );
}

export function SavedViews() {
  const { params } = useHere();
  const views = useViews();
  const query = viewQuery(params);
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    saveViews(withView(views, String(new FormData(form).get("name") ?? ""), query));
    form.reset();
  };
  return (
    <Fold title="views">
      {views.length === 0 && <span className="muted">No view saved in this browser yet.</span>}
      {views.map((view) => (
        <span key={view.name} className="saved-view">
          <Link
            to={`/runs${view.query ? `?${view.query}` : ""}`}
            aria-current={view.query === query ? "page" : undefined}
          >
            {view.name}
          </Link>
          <button
            type="button"
            className="plain"
            aria-label={`Forget view ${view.name}`}
            onClick={() => saveViews(views.filter((one) => one !== view))}
          >
            ✕
          </button>
        </span>
      ))}
      <form onSubmit={save} className="save-view">
        <input name="name" aria-label="Name of the view" placeholder="name this view" maxLength={60} required />
        <button type="submit">save</button>
      </form>
      <Copy text={`${window.location.origin}/runs${query ? `?${query}` : ""}`} label="copy link" />
    </Fold>
  );
}
