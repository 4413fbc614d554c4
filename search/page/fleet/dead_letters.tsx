/** Lines that the index refused, beside the transfer: asked for, then shown, and sent again by an operator. */
import { signal } from "@preact/signals";
import type { DeadAnswer, ReplayAnswer } from "../../fleet/dead_letters.ts";
import { ApiError, getJson, type Problem, problemOf } from "../client.ts";
import { exactCount } from "../model/format.ts";
import { hasConfig, language } from "../state.ts";
import { ft } from "./text.ts";

const answer = signal<DeadAnswer | undefined>(undefined);
const problem = signal<Problem | undefined>(undefined);
const busy = signal(false);
/** The button was pressed once: the second time it is done. */
const sure = signal(false);
const sent = signal<ReplayAnswer | undefined>(undefined);

async function run(work: () => Promise<void>): Promise<void> {
  if (busy.value) return;
  busy.value = true;
  problem.value = undefined;
  try {
    await work();
  } catch (error) {
    problem.value = problemOf(error);
  } finally {
    busy.value = false;
    sure.value = false;
  }
}

const list = () =>
  run(async () => {
    answer.value = await getJson<DeadAnswer>("/api/fleet/dead", { limit: 50 });
  });

const replay = () =>
  run(async () => {
    const response = await fetch("/api/fleet/dead", {
      method: "POST",
      headers: { "content-type": "application/json", "x-weir-change": "1" },
      body: "{}",
    });
    if (!response.ok) throw new ApiError(await response.json() as Problem);
    sent.value = await response.json() as ReplayAnswer;
    answer.value = await getJson<DeadAnswer>("/api/fleet/dead", { limit: 50 });
  });

export function DeadLetterList() {
  if (!hasConfig) return null; // `weir up` is one process: nothing is refused there
  const letters = answer.value?.letters ?? [];
  return (
    <section class="dead" aria-label={ft("deadLetters")}>
      <p>
        <button type="button" disabled={busy.value} onClick={() => void list()}>
          {ft("deadShow")}
        </button>
        {letters.length > 0 && !sure.value && (
          <button
            type="button"
            disabled={busy.value}
            onClick={() => sure.value = true}
          >
            {ft("deadReplay")}
          </button>
        )}
        {letters.length > 0 && sure.value && (
          <button
            type="button"
            disabled={busy.value}
            onClick={() => void replay()}
          >
            {ft("deadSure")}
          </button>
        )}
      </p>
      <div role="status">
        {problem.value !== undefined && (
          <p class="faults">{problem.value.message} {problem.value.hint}</p>
        )}
        {sent.value !== undefined && <p>{ft("deadSent", countsOf(sent.value))}</p>}
        {answer.value !== undefined && letters.length === 0 && <p>{ft("deadNone")}</p>}
        {answer.value?.more && <p>{ft("deadMore")}</p>}
      </div>
      {letters.length > 0 && (
        <ul class="faults">
          {letters.map(({ topic, partition, offset, code, reason, dead, text }) => (
            <li key={`${topic} ${partition} ${offset}`}>
              <span class="path">{topic}/{partition}@{offset}</span>{" "}
              <span class="code">{code}</span> {dead.slice(0, 19).replace("T", " ")}
              <br />
              {reason}
              <br />
              <code>{text}</code>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function countsOf({ sent, left }: ReplayAnswer) {
  const count = (number: number) => exactCount(number, language.value);
  return { sent: count(sent), left: count(left) };
}
