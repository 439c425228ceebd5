/** A titled part of the Health view. */

import type { ReactNode } from "react";

export function Section({ title, note, children }: { title: string; note?: string; children: ReactNode }) {
  return (
    <section>
      <div className="section-head">
        <h2>{title}</h2>
        {note && <span className="muted">{note}</span>}
      </div>
      {children}
    </section>
  );
}

export type Head = readonly [string, "num" | "text"];

export function Table({ label, heads, children }: { label: string; heads: readonly Head[]; children: ReactNode }) {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={`${label}, scrolls sideways`}>
      <table className="dense">
        <thead>
          <tr>
            {heads.map(([head, kind]) => (
              <th key={head} scope="col" className={kind}>
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
