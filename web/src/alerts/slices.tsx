/** Where it is confined to: slices of the runs, the narrowest that explains it first. */

import type { Slice } from "../api/watched";
import { count, percent } from "../words/numbers";
import { whereWords } from "../words/watched";

const SHOWN = 6;

export function Slices({ slices }: { slices: readonly Slice[] }) {
  const told = slices.filter((slice) => slice.score > 0).slice(0, SHOWN);
  if (told.length === 0) return null;
  return (
    <section aria-labelledby="slices-title">
      <div className="section-head">
        <h2 id="slices-title">Where it is confined to</h2>
        <span className="muted">log evidence less the price of searching: above 0 is more than chance</span>
      </div>
      <div className="table-scroll" tabIndex={0} role="region" aria-label="Slices, scrolls sideways">
        <table className="dense slices">
          <thead>
            <tr>
              <th scope="col">runs</th>
              <th scope="col" className="num">
                n
              </th>
              <th scope="col" className="num">
                badness
              </th>
              <th scope="col" className="num">
                expected
              </th>
              <th scope="col" className="num">
                score
              </th>
            </tr>
          </thead>
          <tbody>
            {told.map((slice) => (
              <tr key={JSON.stringify(slice.where)}>
                <td>
                  <bdi>{whereWords(slice.where)}</bdi>
                </td>
                <td className="num">{count(slice.n)}</td>
                <td className="num">{percent(slice.mean)}</td>
                <td className="num">{percent(slice.expected)}</td>
                <td className="num">{slice.score.toFixed(1)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
