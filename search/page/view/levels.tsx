/** Chips of the levels: each stands in the query as level:…; a click adds it or takes it back. */
import { toggle } from "../actions.ts";
import { includedValues } from "../model/edit_query.ts";
import { countText } from "../model/format.ts";
import { LEVELS } from "../../query/fields.ts";
import { facets, t, view } from "../state.ts";

export function LevelChips() {
  const included = includedValues(view.value.q, "level");
  const counts = facets.value?.fields.find(({ field }) => field === "log.level")?.values ?? [];
  return (
    <div class="chips" role="group" aria-label={t("levels")}>
      {[...LEVELS].reverse().map((level) => {
        const count = counts.find((one) => one.value === level)?.count;
        const on = included.includes(level);
        return (
          <button
            key={level}
            type="button"
            class={`chip level-${level}`}
            aria-pressed={on}
            onClick={() => toggle("level", level, "include")}
          >
            <span class="dot" aria-hidden="true" />
            {level}
            {count !== undefined && <span class="count">{countText(count)}</span>}
          </button>
        );
      })}
    </div>
  );
}
