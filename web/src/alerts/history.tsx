/** What became of earlier alerts of this signature, and how each dismissal holds against the runs that came after it. */

import { type Disposition, useDispositions } from "../api/oncall";
import type { Alert, Before } from "../api/watched";
import { useNow } from "../parts/now";
import { kindWords } from "../words/oncall";
import { ago, moment } from "../words/time";

export function History({ alert }: { alert: Alert }) {
  const mine = useDispositions(alert.alert_id).data?.items ?? [];
  const before = alert.before ?? [];
  if (mine.length === 0 && before.length === 0) return null;
  return (
    <section aria-labelledby="history-title">
      <h2 id="history-title">This signature before</h2>
      <ul className="events">
        {mine.map((one) => (
          <Held key={one.disposition_id} one={one} />
        ))}
        {(mine.length === 0 ? before : []).map((one) => (
          <Earlier key={`${one.at} ${one.kind}`} one={one} />
        ))}
      </ul>
    </section>
  );
}

function Earlier({ one }: { one: Before }) {
  const now = useNow(5000);
  return (
    <li>
      <span className="muted" title={moment(one.at)}>
        {ago(one.at, now)}
      </span>
      <strong>{kindWords(one.kind)}</strong>
      <span>{one.refuted ? "refuted by later runs" : "not refuted"}</span>
      <By by={one.by} />
    </li>
  );
}

function Held({ one }: { one: Disposition }) {
  const now = useNow(5000);
  return (
    <li>
      <span className="muted" title={moment(one.at)}>
        {ago(one.at, now)}
      </span>
      <strong>{kindWords(one.kind)}</strong>
      <span>
        <bdi>{one.reason}</bdi>
        {one.test && (
          <span className={one.test.refuted ? "way-line bad-text" : "way-line muted"}>
            <bdi>{one.test.words}</bdi>
          </span>
        )}
        {one.ended_because && (
          <span className="way-line muted">
            Ended: <bdi>{one.ended_because}</bdi>
          </span>
        )}
      </span>
      <By by={one.by} />
    </li>
  );
}

function By({ by }: { by: string | null }) {
  return by ? (
    <span className="muted">
      by <bdi>{by}</bdi>
    </span>
  ) : null;
}
