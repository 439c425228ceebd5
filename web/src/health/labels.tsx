/** Cohort labels: how many values each has, what it may have, and what became "other". */

import { useLabels } from "../api/queries";
import type { Label } from "../api/types";
import { Fill } from "../parts/charts";
import { Failure } from "../parts/feedback";
import { count, plural, short } from "../words/numbers";
import { Section, Table } from "./section";

export function Labels() {
  const answer = useLabels();
  if (!answer.data) return answer.error ? <Failure error={answer.error} /> : null;
  if (answer.data.items.every((label) => label.admitted === 0)) return null;
  return (
    <Section title="Labels of cohorts" note="Values beyond the budget of a label become “other”; runs keep their own.">
      <Table
        label="Labels of cohorts"
        heads={[
          ["label", "text"],
          ["different values", "num"],
          ["budget", "text"],
          ["not let in", "text"],
          ["most frequent", "text"],
        ]}
      >
        {answer.data.items
          .filter((label) => label.admitted > 0)
          .map((label) => (
            <Line key={label.label} label={label} />
          ))}
      </Table>
    </Section>
  );
}

function Line({ label }: { label: Label }) {
  const { distinct, refused } = label;
  const spread = distinct.high - distinct.low >= 1 ? ` (${short(distinct.low)} to ${short(distinct.high)})` : "";
  return (
    <tr>
      <th scope="row">{label.label.replaceAll("_", " ")}</th>
      <td className="num">
        {count(Math.round(distinct.value))}
        {spread}
      </td>
      <td>
        <Fill share={label.admitted / label.capacity} /> {count(label.admitted)} of {count(label.capacity)}
      </td>
      <td className={refused.length > 0 ? "caveat" : "muted"}>
        {refused.length === 0
          ? "nothing"
          : refused.map((one) => `${plural(one.runs, "run")}: ${one.reason.replaceAll("_", " ")}`).join("; ")}
      </td>
      <td>
        {label.top
          .slice(0, 3)
          .map((one) => `${one.value} ${short(one.runs_high)}`)
          .join(", ")}
      </td>
    </tr>
  );
}
