/** Whether what a host, or one of its files, shipped is in the store, once: asked for, then shown. */
import { signal } from "@preact/signals";
import type { AuditAnswer } from "../../fleet/fleet_view.ts";
import { getJson, type Problem, problemOf } from "../client.ts";
import { bytesText, exactCount } from "../model/format.ts";
import { hasConfig, language } from "../state.ts";
import { ft } from "./text.ts";

interface Asked {
  host: string;
  file: string;
  answer?: AuditAnswer;
  problem?: Problem;
}

const asked = signal<Asked | undefined>(undefined);

async function ask(host: string, file: string): Promise<void> {
  const mine: Asked = asked.value = { host, file };
  const result = await getJson<AuditAnswer>("/api/fleet/audit", { host, file })
    .then((answer) => ({ answer }), (error) => ({ problem: problemOf(error) }));
  if (asked.value === mine) asked.value = { ...mine, ...result };
}

/** For one file; its name says which. */
export function AuditButton({ host, path }: { host: string; path: string }) {
  const label = ft("auditOf", { path });
  return (
    <button
      type="button"
      class="plain link"
      aria-label={label}
      title={label}
      onClick={() => void ask(host, path)}
    >
      {ft("audit")}
    </button>
  );
}

/** For the whole host, with what was answered last. */
export function Audit({ host }: { host: string }) {
  if (!hasConfig) return null; // `weir up` is one process: there is nothing to compare
  const now = asked.value?.host === host ? asked.value : undefined;
  return (
    <>
      <p>
        <button type="button" title={ft("auditHint")} onClick={() => void ask(host, "")}>
          {ft("audit")}
        </button>
      </p>
      <div role="status">{now !== undefined && <Result asked={now} />}</div>
    </>
  );
}

function Result({ asked: { file, answer, problem } }: { asked: Asked }) {
  if (problem !== undefined) return <p class="faults">{problem.message} {problem.hint}</p>;
  if (answer === undefined) return <p>{ft("auditing")}</p>;
  const { missingBytes, doubledBytes, unreadBytes, faults } = answer;
  const sums = {
    lines: exactCount(answer.indexed, language.value),
    files: exactCount(answer.files, language.value),
    bytes: bytesText(answer.acknowledgedBytes),
    dead: bytesText(answer.deadBytes),
  };
  const isWell = missingBytes + doubledBytes + unreadBytes === 0;
  return (
    <>
      {file !== "" && <p class="path">{file}</p>}
      {isWell ? <p>{ft("auditWell", sums)}</p> : (
        <>
          <p class="faults">
            {ft("auditBad", {
              missing: bytesText(missingBytes),
              doubled: bytesText(doubledBytes),
              unread: bytesText(unreadBytes),
            })}
          </p>
          <p>{ft("auditSums", sums)}</p>
        </>
      )}
      {answer.droppedBytes + answer.expiredBytes > 0 && (
        <p>
          {ft("auditGone", {
            dropped: bytesText(answer.droppedBytes),
            expired: bytesText(answer.expiredBytes),
          })}
        </p>
      )}
      {faults.length > 0 && (
        <ul class="faults">
          {faults.map(({ path, topic, generation, missing, doubled, twin, unread }) => (
            <li key={`${generation} ${topic}`}>
              <span class="path">{path}</span> → {topic}
              {missing.length > 0 && ` ${ft("missing")} ${rangesText(missing)}`}
              {doubled.length > 0 && ` ${ft("doubled")} ${rangesText(doubled)}`}
              {twin !== "" && ` ${ft("twin", { twin })}`}
              {unread > 0 && ` ${ft("unread")} ${bytesText(unread)}`}
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function rangesText(ranges: readonly { start: number; end: number }[]): string {
  return ranges.slice(0, 5).map(({ start, end }) => `${start}-${end}`).join(", ");
}
