/** What is taken out at the door, what is captured at all, and how long each class stays. */

import { usePrivacy, useRetention } from "../api/queries";
import type { Privacy, Retention } from "../api/types";
import { Failure } from "../parts/feedback";
import { useNow } from "../parts/now";
import { count, percent, plural } from "../words/numbers";
import { ago } from "../words/time";
import { Section, Table } from "./section";

export function PrivacySection() {
  const privacy = usePrivacy();
  const retention = useRetention();
  if (!privacy.data) return privacy.error ? <Failure error={privacy.error} /> : null;
  const taken = Object.entries(privacy.data.redacted);
  return (
    <Section title="Privacy and retention" note="since the start of the server">
      <p>{captureWords(privacy.data)}</p>
      {taken.length > 0 && (
        <Table
          label="Redacted"
          heads={[
            ["taken out by rule", "text"],
            ["matches", "num"],
          ]}
        >
          {taken.map(([rule, matches]) => (
            <tr key={rule}>
              <td>{rule.replaceAll("_", " ")}</td>
              <td className="num">{count(matches)}</td>
            </tr>
          ))}
        </Table>
      )}
      {retention.data && <Stays retention={retention.data} />}
    </Section>
  );
}

export function captureWords(privacy: Privacy): string {
  const share = privacy.capture_share === null ? "" : ` (${percent(privacy.capture_share)} of sessions)`;
  const users = privacy.keep_user_ids ? "Raw user ids are kept." : "User ids are kept as keyed hashes only.";
  const dropped =
    privacy.spans_content_dropped > 0
      ? ` ${plural(privacy.spans_content_dropped, "span")} came without their content.`
      : "";
  const erased =
    privacy.tombstones > 0
      ? ` ${plural(privacy.tombstones, "session or user", "sessions or users")} erased; ${plural(privacy.spans_erased_refused, "late span")} of them refused.`
      : "";
  const rules = plural(privacy.rules.length + privacy.own_rules.length, "rule");
  return `${rules} of redaction. Content capture is ${privacy.capture}${share}. ${users}${dropped}${erased}`;
}

function Stays({ retention }: { retention: Retention }) {
  const now = useNow();
  const words = Object.entries(retention.days).map(
    ([name, days]) => `${name.replaceAll("_", " ")} ${days === null ? "for ever" : plural(days, "day")}`,
  );
  return (
    <p>
      Kept: {words.join(", ")}.{" "}
      {retention.last_round_at ? `Last round ${ago(retention.last_round_at, now)}` : "No round yet"}
      {retention.error && <span className="bad-text">, it failed: {retention.error}</span>}.
    </p>
  );
}
