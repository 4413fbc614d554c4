/** The table of programs: one page of what fits, a button in each row opens its details. */
import { bytesText, countText, exactCount } from "../model/format.ts";
import { language } from "../state.ts";
import { answer, PAGE_SIZE, place, type Program, show } from "./state.ts";
import { ft } from "./text.ts";

export function ProgramTable() {
  if (answer.value === undefined) return <p class="empty">{ft("connecting")}</p>;
  const { programs, matches } = answer.value, { offset } = place.value;
  if (matches === 0) {
    return (
      <div class="empty">
        <p>{ft("nothing")}</p>
        <p>{ft("nothingHint")}</p>
      </div>
    );
  }
  const count = (number: number) => exactCount(number, language.value);
  return (
    <>
      <div class="scroll" tabIndex={0} role="group" aria-label={ft("programs")}>
        <table class="rows">
          <thead>
            <tr>
              <th scope="col">{ft("state")}</th>
              <th scope="col">{ft("host")}</th>
              <th scope="col">{ft("program")}</th>
              <th scope="col">{ft("applied")}</th>
              <th scope="col" class="number">{ft("work")}</th>
              <th scope="col" class="number">{ft("behind")}</th>
              <th scope="col" class="number">{ft("rate")}</th>
              <th scope="col">{ft("says")}</th>
            </tr>
          </thead>
          <tbody>{programs.map((one) => <ProgramRow key={one.id} one={one} />)}</tbody>
        </table>
      </div>
      <div class="pages">
        <span>{ft("matches", { count: count(matches) })}</span>
        {offset > 0 && (
          <button
            type="button"
            onClick={() => show({ offset: Math.max(0, offset - PAGE_SIZE) })}
          >
            {ft("before", { count: PAGE_SIZE })}
          </button>
        )}
        {offset + PAGE_SIZE < matches && (
          <button
            type="button"
            onClick={() => show({ offset: offset + PAGE_SIZE })}
          >
            {ft("next", { count: Math.min(PAGE_SIZE, matches - offset - PAGE_SIZE) })}
          </button>
        )}
      </div>
    </>
  );
}

function ProgramRow({ one }: { one: Program }) {
  const isChosen = place.value.id === one.id;
  const { summary } = one;
  return (
    <tr class={isChosen ? "chosen" : undefined}>
      <td>
        <StateMark state={one.state} />
      </td>
      <th scope="row">
        <button
          type="button"
          class="plain"
          aria-expanded={isChosen}
          onClick={() => show({ id: isChosen ? "" : one.id, file: "" }, true)}
        >
          {one.host}
        </button>
      </th>
      <td>{ft(one.program)}</td>
      <td>{appliedText(one)}</td>
      <td class="number">{workText(summary)}</td>
      <td class="number">{lagText(summary)}</td>
      <td class="number">
        {one.rates.lines === undefined
          ? ""
          : ft("perSecond", { count: countText(Math.round(one.rates.lines)) })}
      </td>
      <td class="says">{saysOf(one).join("; ")}</td>
    </tr>
  );
}

export function StateMark({ state }: { state: Program["state"] }) {
  const hints = { well: "wellHint", unwell: "unwellHint", failed: "failedHint" } as const;
  return (
    <span class={`state ${state}`} title={ft(hints[state])}>
      <span class="lamp" aria-hidden="true" />
      {ft(state)}
    </span>
  );
}

export function appliedText({ applied }: Program): string {
  const { state, revision, candidate } = applied;
  if (state === "NONE") return "";
  const name = state === "FAILED"
    ? ft("failed")
    : state === "APPLYING"
    ? ft("applying")
    : ft("appliedState");
  const trying = candidate === "" ? "" : ` (${ft("trying")})`;
  return `${ft("revision", { state: name, revision })}${trying}`;
}

export function saysOf({ applied, health }: Program): string[] {
  return [applied.reason, ...health.reasons].filter((text) => text !== "");
}

function workText({ files, partitions }: Program["summary"]): string {
  if (files === 1) return ft("file");
  if (files !== undefined) return ft("files", { count: countText(files) });
  return partitions === undefined ? "" : ft("partitions", { count: countText(partitions) });
}

function lagText({ lagBytes, lagRecords }: Program["summary"]): string {
  if (lagBytes !== undefined) return bytesText(lagBytes);
  return lagRecords === undefined ? "" : ft("records", { count: countText(lagRecords) });
}
