/** The fleet page: sums above, the table of programs, the chosen one beside it. */
import { bytesText, countText } from "../model/format.ts";
import { hasConfig } from "../state.ts";
import { ThemeAndLanguage } from "../view/choices.tsx";
import { ConfigPanel } from "./config_panel.tsx";
import { ProgramDetail } from "./program_detail.tsx";
import { ProgramTable } from "./program_table.tsx";
import { answer, connection, fault, place, show } from "./state.ts";
import { ft } from "./text.ts";

export function FleetPage() {
  return (
    <div class="page fleet">
      <header class="head">
        <h1 class="brand" aria-label={ft("title")}>
          <span aria-hidden="true">Weir</span>
        </h1>
        <nav class="places" aria-label="Weir">
          <a href="/">{ft("logs")}</a>
          <a href="/fleet" aria-current="page">{ft("fleet")}</a>
          {hasConfig && (
            <button
              type="button"
              aria-expanded={place.value.config !== ""}
              onClick={() => show({ config: place.value.config === "" ? "group/all" : "" }, true)}
            >
              {ft("configuration")}
            </button>
          )}
        </nav>
        <div class="choices">
          <ThemeAndLanguage />
        </div>
        <Filters />
      </header>
      {fault.value !== undefined && (
        <div class="problem" role="alert">
          <span>
            <strong>{ft("error")}:</strong> {fault.value.message} {fault.value.hint}{" "}
            <span class="code">{fault.value.code}</span>
          </span>
        </div>
      )}
      <main class="body">
        <section class="programs" aria-label={ft("programs")}>
          <Sums />
          <ProgramTable />
        </section>
        {place.value.config !== "" ? <ConfigPanel /> : place.value.id !== "" && <ProgramDetail />}
      </main>
      <footer class="foot">
        <span class={`mode ${connection.value}`} role="status">{ft(connection.value)}</span>
      </footer>
    </div>
  );
}

function Filters() {
  const { q, program, state, order } = place.value;
  return (
    <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <input
        type="search"
        aria-label={ft("find")}
        placeholder={ft("findHint")}
        value={q}
        onInput={(event) => show({ q: event.currentTarget.value })}
      />
      <select
        aria-label={ft("program")}
        value={program}
        onChange={(event) => show({ program: event.currentTarget.value })}
      >
        <option value="">{ft("anyProgram")}</option>
        {(["agent", "transfer", "monitor", "page"] as const).map((name) => (
          <option key={name} value={name}>{ft(name)}</option>
        ))}
      </select>
      <select
        aria-label={ft("state")}
        value={state}
        onChange={(event) => show({ state: event.currentTarget.value })}
      >
        <option value="">{ft("anyState")}</option>
        {(["well", "unwell", "failed"] as const).map((name) => (
          <option key={name} value={name}>{ft(name)}</option>
        ))}
      </select>
      <select
        aria-label={ft("order")}
        value={order}
        onChange={(event) => show({ order: event.currentTarget.value, offset: 0 })}
      >
        <option value="">{ft("byHost")}</option>
        <option value="lag">{ft("byLag")}</option>
        <option value="state">{ft("byState")}</option>
      </select>
    </form>
  );
}

/** Of everything that is registered, whatever is filtered. */
function Sums() {
  if (answer.value === undefined) return null;
  const { counts, totals } = answer.value;
  const running = (program: string) => {
    const { well = 0, unwell = 0, failed = 0 } = counts[program] ?? {};
    const parts = [`${well} ${ft("well")}`];
    if (unwell > 0) parts.push(`${unwell} ${ft("unwell")}`);
    if (failed > 0) parts.push(`${failed} ${ft("failed")}`);
    return parts.join(", ");
  };
  const sums: [string, string, string?][] = [[ft("agents"), running("agent")]];
  if (counts.transfer !== undefined) sums.push([ft("transfers"), running("transfer")]);
  sums.push([ft("linesPerSecond"), countText(Math.round(totals.linesPerSecond ?? 0))]);
  sums.push([ft("lagBytes"), bytesText(totals.lagBytes ?? 0)]);
  if (totals.lagRecords !== undefined) {
    sums.push([ft("lagRecords"), ft("records", { count: countText(totals.lagRecords) })]);
  }
  if (totals.deadLetters !== undefined) {
    sums.push([ft("deadLetters"), countText(totals.deadLetters), ft("deadHint")]);
  }
  return (
    <dl class="sums" aria-label={ft("overview")}>
      {sums.map(([name, value, hint]) => (
        <div key={name} title={hint}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
