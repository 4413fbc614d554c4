/** The partitions that a transfer reads, those that are furthest behind first. */
import type { FleetDetail } from "../../../core/fleet/detail.ts";
import { exactCount } from "../model/format.ts";
import { language } from "../state.ts";
import { ft } from "./text.ts";

const SHOWN = 300;

export function PartitionTable({ detail }: { detail: FleetDetail }) {
  const count = (number: number) => number < 0 ? "" : exactCount(number, language.value);
  const shown = detail.partitions.slice(0, SHOWN);
  return (
    <>
      <h3>{ft("partitionsTitle")}</h3>
      {shown.length < detail.partitionsTotal && (
        <p>{ft("shownOf", { shown: count(shown.length), count: count(detail.partitionsTotal) })}</p>
      )}
      <div class="scroll" tabIndex={0} role="group" aria-label={ft("partitionsTitle")}>
        <table class="rows">
          <thead>
            <tr>
              <th scope="col">{ft("topic")}</th>
              <th scope="col" class="number">{ft("partition")}</th>
              <th scope="col" class="number">{ft("committed")}</th>
              <th scope="col" class="number">{ft("newest")}</th>
              <th scope="col" class="number">{ft("behind")}</th>
              <th scope="col">{ft("state")}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ topic, partition, committed, newest, lag, paused }) => (
              <tr key={`${topic} ${partition}`}>
                <th scope="row">{topic}</th>
                <td class="number">{partition}</td>
                <td class="number">{count(committed)}</td>
                <td class="number">{count(newest)}</td>
                <td class="number">{ft("records", { count: count(lag) })}</td>
                <td>{paused ? ft("paused") : ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
