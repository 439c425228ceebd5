/** Which texts are kept: the policy in force, what it kept of the last day, and what another one would have kept. */

import { type FormEvent, useState } from "react";
import { postJson } from "../api/client";
import { useProject, useSampling } from "../api/queries";
import type { Sampling } from "../api/types";
import { Failure } from "../parts/feedback";
import { bytes, count, percent, plural, UNKNOWN } from "../words/numbers";
import { Section, Table } from "./section";

export function SamplingSection() {
  const answer = useSampling();
  if (!answer.data) return answer.error ? <Failure error={answer.error} /> : null;
  return (
    <Section
      title="Texts kept"
      note="Counts, tokens and costs are of all runs; only messages and payloads are sampled."
    >
      <p>{policyWords(answer.data)}</p>
      <Kept sampling={answer.data} />
      <Try inForce={answer.data} />
    </Section>
  );
}

export function policyWords({ policy }: Sampling): string {
  if (policy.mode === "all") return "Every text is kept.";
  if (policy.mode === "off") return "Nothing is decided: texts stay until they expire.";
  const rules = policy.keep.map((rule) => rule.replaceAll("_", " ")).join(", ") || "no rule";
  return `Always kept: ${rules}, and the top ${percent(policy.top_share)} by cost and by duration. Of the rest ${plural(policy.reservoir, "session")} per stratum and ${Math.round(policy.window_s / 60)} min.`;
}

const off = (share: number | null) => (share === null ? UNKNOWN : `± ${percent(share)}`);

function Kept({ sampling }: { sampling: Sampling }) {
  const { sessions, kept, undecided, text_bytes, expected_relative_error: error } = sampling;
  const decided = sessions - undecided;
  if (decided <= 0)
    return (
      <p className="muted">
        {undecided > 0
          ? `${plural(undecided, "session")} of the last 24 hours wait for their decision; until then all their texts are kept.`
          : "No session in the last 24 hours."}
      </p>
    );
  return (
    <>
      <p>
        {count(kept)} of {plural(decided, "decided session")} ({percent(kept / decided)}), {bytes(text_bytes.kept)} of{" "}
        {bytes(text_bytes.all)} of text; {count(undecided)} not decided yet. Totals estimated from kept texts would be
        off by {off(error.sessions)} (sessions), {off(error.tokens)} (tokens), {off(error.cost_usd)} (cost).
        {sampling.truncated && " There were more runs than may be looked at; the newest were taken."}
      </p>
      <Table
        label="Why texts are kept"
        heads={[
          ["reason", "text"],
          ["sessions", "num"],
          ["kept", "num"],
        ]}
      >
        {sampling.reasons.map((one) => (
          <tr key={one.reason}>
            <th scope="row">{one.reason.replaceAll("_", " ")}</th>
            <td className="num">{count(one.sessions)}</td>
            <td className="num">{count(one.kept)}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}

/** A dry run: the server says what another policy would have kept, and changes nothing. */
function Try({ inForce }: { inForce: Sampling }) {
  const project = useProject();
  const [found, setFound] = useState<Sampling | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [asking, setAsking] = useState(false);
  const ask = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const wanted = {
      mode: String(form.get("mode")),
      reservoir: Number(form.get("reservoir")),
      top_share: Number(form.get("top_share")) / 100,
    };
    setAsking(true);
    try {
      setFound(await postJson<Sampling>("sampling/try", { project }, wanted));
      setError(null);
    } catch (problem) {
      setError(problem);
    } finally {
      setAsking(false);
    }
  };
  const { policy } = inForce;
  return (
    <details className="try">
      <summary>What would another policy keep?</summary>
      <form onSubmit={ask}>
        <label>
          mode{" "}
          <select name="mode" defaultValue={policy.mode}>
            <option>reservoir</option>
            <option>all</option>
            <option>off</option>
          </select>
        </label>
        <label>
          sessions per stratum{" "}
          <input name="reservoir" type="number" min={1} max={1000000} defaultValue={policy.reservoir} required />
        </label>
        <label>
          top by cost and duration, %{" "}
          <input
            name="top_share"
            type="number"
            min={0}
            max={100}
            step="any"
            defaultValue={policy.top_share * 100}
            required
          />
        </label>
        <button type="submit" disabled={asking}>
          {asking ? "counting…" : "try on the last 24 hours"}
        </button>
      </form>
      {error ? <Failure error={error} /> : null}
      {found && (
        <div role="status">
          <p>{policyWords(found)}</p>
          <Kept sampling={found} />
        </div>
      )}
    </details>
  );
}
