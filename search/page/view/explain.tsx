/** A line's way, asked for when somebody wants it: file, Kafka, index and the times between. */
import { useSignal } from "@preact/signals";
import type { Explanation } from "../../explain/explain.ts";
import { getJson, type Problem, problemOf } from "../client.ts";
import type { Line } from "../model/line.ts";
import { t } from "../state.ts";

type Asked = { found?: Explanation; problem?: Problem; asking?: true };

export function Explain({ line }: { line: Line }) {
  const asked = useSignal<Asked>({});
  const ask = async () => {
    asked.value = { asking: true };
    const at = Date.parse(line["@timestamp"]);
    try {
      const values = { id: line._id, topic: line.topic, at: Number.isNaN(at) ? undefined : at };
      asked.value = { found: await getJson<Explanation>("/api/explain", values) };
    } catch (error) {
      asked.value = { problem: problemOf(error) };
    }
  };
  const { found, problem, asking } = asked.value;
  return (
    <div class="explain">
      <button type="button" disabled={asking === true} onClick={ask}>{t("explain")}</button>
      {problem !== undefined && <p role="alert">{problem.message} {problem.hint}</p>}
      {found !== undefined && (
        <table class="fields" aria-label={t("explain")}>
          <tbody>
            {rowsOf(found).map(([name, value, says], i) => (
              <tr key={i}>
                <th scope="row">{name}</th>
                <td>
                  <bdi>{value}</bdi> {says}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

/** What stands in a row: its name, what it is, more about it. */
type Told = [name: string, value: string, says: string];

function rowsOf({ file, kafka, store, hops, notes }: Explanation): Told[] {
  const rows: Told[] = [];
  if (file !== null) {
    const { life } = file;
    rows.push([t("explainFile"), `${file.host} ${file.path}`, ""]);
    rows.push([t("explainBytes"), `${file.start}–${file.end}`, file.generation]);
    if (life !== null) {
      rows.push(["inode", `${life.inode}`, t("explainDevice", { device: life.device })]);
      const bytes = `${life.from}–${life.to} / ${life.size}`;
      rows.push([t("explainAcknowledged"), bytes, life.guarantee]);
    }
  }
  if (kafka !== null) {
    const place = `${kafka.partition} @ ${kafka.offset ?? "?"}`;
    rows.push(["Kafka", place, t(KAFKA[kafka.state])]);
  }
  rows.push([t("explainStore"), store.index, ""]);
  hops.forEach(({ name, at }, i) => {
    const ms = i === 0 ? NaN : Date.parse(at) - Date.parse(hops[i - 1].at);
    rows.push([
      t(HOPS[name]),
      at,
      Number.isNaN(ms) ? "" : `${ms < 0 ? "−" : "+"}${Math.abs(ms)} ms`,
    ]);
  });
  for (const note of notes) rows.push(["", note, ""]);
  return rows;
}

const KAFKA = {
  there: "kafkaThere",
  expired: "kafkaExpired",
  other: "kafkaOther",
  unknown: "kafkaUnknown",
} as const;

const HOPS = {
  line: "hopLine",
  read: "hopRead",
  sent: "hopSent",
  indexed: "hopIndexed",
  acknowledged: "hopAcknowledged",
} as const;
