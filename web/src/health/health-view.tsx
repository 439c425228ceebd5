/** Health: whether the way in can be trusted, each limit with what is left, each finding with its mend. */

import { useHealth, useRejections, useUnmapped } from "../api/queries";
import type { Finding, Health } from "../api/types";
import { Fill } from "../parts/charts";
import { Copy } from "../parts/copy";
import { Awaiting, Failure, Nothing } from "../parts/feedback";
import { Mark } from "../parts/icons";
import { useNow } from "../parts/now";
import { Facts } from "../runs/facts";
import { bytes, count, percent, plural, UNKNOWN } from "../words/numbers";
import { ago, duration, moment } from "../words/time";
import { Labels } from "./labels";
import { PrivacySection } from "./privacy";
import { SamplingSection } from "./sampling";
import { Section, Table } from "./section";

export function HealthView() {
  const answer = useHealth();
  if (!answer.data)
    return answer.error ? (
      <Failure error={answer.error} retry={() => answer.refetch()} />
    ) : (
      <Awaiting what="the server's health" lines={16} />
    );
  const health = answer.data;
  return (
    <div className="view health">
      <h1 className="in-words">
        <Mark name={health.status === "ok" ? "ok" : "error"} /> {inWords(health)}
      </h1>
      {answer.error ? <Failure error={answer.error} /> : null}
      <Findings findings={health.findings} />
      <div className="health-columns">
        <Ingest health={health} />
        <Store health={health} />
        <Endpoints health={health} />
      </div>
      <Limits health={health} />
      <SamplingSection />
      <Labels />
      <PrivacySection />
      <Producers health={health} />
      <UnmappedKeys />
      <Rejections />
    </div>
  );
}

function refusedWords(health: Health): string {
  const sum = (counts: Record<string, number>) => Object.values(counts).reduce((a, b) => a + b, 0);
  const rejected = sum(health.ingest.rejected);
  const refused = sum(health.ingest.refused);
  if (rejected + refused === 0) return "nothing refused";
  return `${plural(rejected, "span")} rejected, ${plural(refused, "request")} refused`;
}

function inWords(health: Health): string {
  const state = health.status === "ok" ? "All well" : "Degraded";
  const findings = health.findings.length === 0 ? "" : ` ${plural(health.findings.length, "finding")} below.`;
  return `${state}: ${plural(health.ingest.acknowledged, "span")} acknowledged since the start ${duration(health.uptime_s)} ago, ${refusedWords(health)}.${findings}`;
}

function Findings({ findings }: { findings: readonly Finding[] }) {
  if (findings.length === 0) return null;
  return (
    <Section title="Findings">
      <ul className="findings">
        {findings.map((one) => (
          <li key={`${one.code} ${one.what}`}>
            <p>
              <span className="severity">{one.severity}</span> <strong>{one.what}</strong>
            </p>
            <p className="muted">{evidence(one.evidence)}</p>
            {one.mend && <p>To mend it: {one.mend}</p>}
            <Copy text={one.code} label={`code ${one.code}`} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function evidence(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return String(value);
  return Object.entries(value)
    .map(([name, one]) => `${name.replaceAll("_", " ")}: ${evidenceValue(one)}`)
    .join(", ");
}

function evidenceValue(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(3)));
  if (Array.isArray(value)) return value.map(evidenceValue).join(", ");
  return typeof value === "object" && value !== null ? evidence(value) : String(value);
}

function reasons(counts: Record<string, number>): [string, string][] {
  return Object.entries(counts).map(([reason, n]) => [reason.replaceAll("_", " "), count(n)]);
}

function rate(value: number | null): string {
  return value === null ? UNKNOWN : `${count(value)} spans/s`;
}

function ms(value: number | null): string {
  return value === null ? UNKNOWN : `${count(value)} ms`;
}

function Ingest({ health }: { health: Health }) {
  const { ingest } = health;
  return (
    <Section title="The way in">
      <Facts
        facts={[
          ["rate", rate(ingest.spans_per_s)],
          ["acknowledged", count(ingest.acknowledged)],
          ["repeated (kept once)", count(ingest.repeated)],
          ["queue", `${bytes(ingest.queue_bytes)} of ${bytes(ingest.queue_bytes_max)}`],
          ["commit, median", ms(ingest.commit_ms_p50)],
          ["commit, p99", ms(ingest.commit_ms_p99)],
          ["runs behind spans", duration(ingest.settle_lag_s)],
          ...reasons(ingest.rejected).map(([reason, n]) => [`rejected: ${reason}`, n] as const),
          ...reasons(ingest.refused).map(([reason, n]) => [`refused: ${reason}`, n] as const),
        ]}
      />
    </Section>
  );
}

function Store({ health }: { health: Health }) {
  const { storage } = health;
  return (
    <Section title="Storage">
      <Facts
        facts={[
          ["spans", count(storage.spans)],
          ["runs", count(storage.runs)],
          ["on disk", bytes(storage.bytes_on_disk)],
          ["path", storage.path],
          ["version", health.version],
          ["data format", String(health.data_format)],
        ]}
      />
    </Section>
  );
}

function Endpoints({ health }: { health: Health }) {
  return (
    <Section title="Endpoints">
      <dl className="facts">
        {Object.entries(health.endpoints).map(([name, address]) => (
          <div key={name}>
            <dt>{name.replaceAll("_", " ")}</dt>
            <dd>{address ? <Copy text={address} label={address} /> : <span className="muted">off</span>}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

function amount(value: number | null, unit: string): string {
  return unit === "bytes" ? bytes(value) : value === null ? UNKNOWN : `${count(value)} ${unit}`;
}

function Limits({ health }: { health: Health }) {
  return (
    <Section title="Limits" note="every buffer has one; over 80 % it is drawn in colour">
      <Table
        label="Limits"
        heads={[
          ["name", "text"],
          ["current", "num"],
          ["capacity", "num"],
          ["full", "num"],
          ["level", "text"],
        ]}
      >
        {health.limits.map((limit) => {
          const share = limit.current !== null && limit.capacity ? limit.current / limit.capacity : null;
          return (
            <tr key={limit.name}>
              <td>{limit.name}</td>
              <td className="num">{amount(limit.current, limit.unit)}</td>
              <td className="num">{amount(limit.capacity, limit.unit)}</td>
              <td className="num">{share === null ? UNKNOWN : percent(share)}</td>
              <td>{share !== null && <Fill share={share} />}</td>
            </tr>
          );
        })}
      </Table>
    </Section>
  );
}

function Producers({ health }: { health: Health }) {
  return (
    <Section title="Producers" note="how many of their model calls report token usage">
      {health.producers.length === 0 ? (
        <Nothing>No producer has sent anything yet.</Nothing>
      ) : (
        <Table
          label="Producers"
          heads={[
            ["dialect", "text"],
            ["scope", "text"],
            ["spans", "num"],
            ["model calls", "num"],
            ["with usage", "num"],
            ["note", "text"],
          ]}
        >
          {health.producers.map((one) => {
            const share = one.model_calls > 0 ? one.with_usage / one.model_calls : null;
            return (
              <tr key={`${one.dialect} ${one.scope}`}>
                <td>{one.dialect}</td>
                <td>{one.scope}</td>
                <td className="num">{count(one.spans)}</td>
                <td className="num">{count(one.model_calls)}</td>
                <td className="num">{share === null ? UNKNOWN : percent(share)}</td>
                <td>{share !== null && share < 1 && <span className="muted">totals are lower bounds</span>}</td>
              </tr>
            );
          })}
        </Table>
      )}
    </Section>
  );
}

function UnmappedKeys() {
  const answer = useUnmapped();
  const now = useNow(5000);
  return (
    <Section title="Seen but not mapped" note="attribute keys that no dialect reads: counted, never summed">
      {!answer.data ? (
        <Pending error={answer.error} what="the unmapped keys" />
      ) : answer.data.items.length === 0 ? (
        <Nothing>Every key that looks like ours is read by a dialect.</Nothing>
      ) : (
        <Table
          label="Unmapped keys"
          heads={[
            ["key", "text"],
            ["dialect", "text"],
            ["scope", "text"],
            ["seen", "num"],
            ["last", "num"],
            ["example trace", "text"],
          ]}
        >
          {answer.data.items.map((one) => (
            <tr key={`${one.key} ${one.dialect} ${one.scope_name}`}>
              <td className="mono">{one.key}</td>
              <td>{one.dialect}</td>
              <td>{one.scope_name}</td>
              <td className="num">{count(one.count)}</td>
              <td className="num">{ago(one.last_seen, now)}</td>
              <td className="mono">{one.example_trace_id}</td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  );
}

function Rejections() {
  const answer = useRejections();
  const now = useNow(5000);
  return (
    <Section title="Rejections" note="newest first">
      {!answer.data ? (
        <Pending error={answer.error} what="the rejections" />
      ) : answer.data.items.length === 0 ? (
        <Nothing>No span was rejected.</Nothing>
      ) : (
        <Table
          label="Rejections"
          heads={[
            ["when", "num"],
            ["reason", "text"],
            ["detail", "text"],
            ["span", "text"],
          ]}
        >
          {answer.data.items.map((one) => (
            <tr key={`${one.at} ${one.trace_id} ${one.span_id} ${one.reason}`}>
              <td className="num" title={moment(one.at)}>
                {ago(one.at, now)}
              </td>
              <td>{one.reason.replaceAll("_", " ")}</td>
              <td>{one.detail}</td>
              <td>{one.span_name || one.span_id || "whole request"}</td>
            </tr>
          ))}
        </Table>
      )}
    </Section>
  );
}

function Pending({ error, what }: { error: unknown; what: string }) {
  return error ? <Failure error={error} /> : <Awaiting what={what} lines={3} />;
}
