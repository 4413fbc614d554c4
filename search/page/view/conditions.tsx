/** The conditions of the query as chips below its box: one click takes one away, another chooses its text to be edited. */
import { run } from "../actions.ts";
import { conditionsOf, withoutCondition } from "../model/edit_query.ts";
import { setView, t, typed, view } from "../state.ts";

export function Conditions() {
  const { q } = view.value;
  const conditions = conditionsOf(q);
  if (conditions.length === 0) return null;
  return (
    <ul class="conditions" aria-label={t("conditions")}>
      {conditions.map((condition, at) => (
        <li key={`${at} ${condition}`}>
          <button
            type="button"
            class="plain"
            aria-label={t("editCondition", { condition })}
            title={t("editCondition", { condition })}
            onClick={() => edit(conditions, at)}
          >
            {condition}
          </button>
          <button
            type="button"
            class="plain"
            aria-label={t("dropCondition", { condition })}
            title={t("dropCondition", { condition })}
            onClick={() => run(withoutCondition(q, at))}
          >
            ✕
          </button>
        </li>
      ))}
    </ul>
  );
}

/** The box gets the query in its printed form, in which the condition can be found, and the condition chosen in it. */
function edit(conditions: readonly string[], at: number): void {
  const text = conditions.join(" ");
  const start = conditions.slice(0, at).join(" ").length + (at === 0 ? 0 : 1);
  typed.value = text;
  setView({ q: text });
  const box = document.getElementById("query") as HTMLInputElement;
  box.value = text;
  box.focus();
  box.setSelectionRange(start, start + conditions[at].length);
}
