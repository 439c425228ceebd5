/** How often what was said to be probable turned out: one row for each tenth. No name is ranked. */

import { type Tenth, useCalibration } from "../api/oncall";
import { Section, Table } from "../health/section";
import { Awaiting, Failure } from "../parts/feedback";
import { count, percent, UNKNOWN } from "../words/numbers";
import { calibrationWords } from "../words/oncall";

export function CalibrationPart() {
  const answer = useCalibration();
  return (
    <Section title="Calibration">
      {answer.data ? (
        <>
          <p>{calibrationWords(answer.data)}</p>
          {answer.data.decided >= answer.data.needed && <Tenths items={answer.data.tenths} />}
        </>
      ) : answer.error ? (
        <Failure error={answer.error} />
      ) : (
        <Awaiting what="the calibration" lines={1} />
      )}
    </Section>
  );
}

const HEADS = [
  ["said", "text"],
  ["turned out real", "num"],
  ["interval", "num"],
  ["n", "num"],
  ["found", "text"],
] as const;

function Tenths({ items }: { items: readonly Tenth[] }) {
  return (
    <Table label="Calibration" heads={HEADS}>
      {items
        .filter((one) => one.n > 0)
        .map((one) => (
          <tr key={one.low}>
            <td>
              {percent(one.low)} to {percent(one.high)}
            </td>
            <td className="num">{one.real === null ? UNKNOWN : percent(one.real)}</td>
            <td className="num">
              {one.real_low === null || one.real_high === null
                ? UNKNOWN
                : `${percent(one.real_low)} to ${percent(one.real_high)}`}
            </td>
            <td className="num">{count(one.n)}</td>
            <td>{one.found ?? "not enough data yet"}</td>
          </tr>
        ))}
    </Table>
  );
}
