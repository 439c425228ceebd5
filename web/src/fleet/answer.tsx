/** The answer in words: who lives, what is worst and how sure, what false pages are to be expected, and the way to the alert. */

import type { Fleet } from "../api/types";
import { useAlerts } from "../api/watch-queries";
import { useKeys } from "../parts/keys";
import { PromiseLine } from "../signals/promise";
import { go, Link, useHere } from "../url/navigation";
import { alertPath, linkTo } from "../url/place";
import { byUrgency } from "../words/alerts";
import { tight } from "../words/numbers";
import { mixWords } from "../words/watched";

export function Answer({ fleet }: { fleet: Fleet }) {
  const { params } = useHere();
  const watched = fleet.promise !== undefined && fleet.promise !== null;
  const alerts = useAlerts(["firing", "pending"], 2);
  const worst = byUrgency(alerts.data?.items ?? [])[0];
  const to = worst ? linkTo(alertPath(worst.alert_id), params) : null;
  const mix = mixWords(fleet.mix ?? []);
  useKeys({ Enter: () => to && go(to) });
  return (
    <section className="answer" aria-label="In words">
      <p className="in-words">{tight(fleet.in_words)}</p>
      {mix && <p className="muted mix">{tight(mix)}</p>}
      <PromiseLine promise={fleet.promise ?? null}>
        <span className="top-gap" />
        {to && worst ? (
          <Link to={to} className="button">
            open {worst.state === "firing" ? "alert" : "what rises"} <kbd>↵</kbd>
          </Link>
        ) : (
          watched && <Link to={linkTo("/fleet/signals", params)}>all signals</Link>
        )}
      </PromiseLine>
    </section>
  );
}
