/** Chips of the levels: each stands in the query as level:…; a click adds it or takes it back. */
import { run, toggle } from "../actions.ts";
import { includedValues, toggleNoLevel, wantsNoLevel } from "../model/edit_query.ts";
import { countText } from "../model/format.ts";
import { LEVELS } from "../../query/fields.ts";
import { facets, histogram, t, view } from "../state.ts";

export function LevelChips() {
  const included = includedValues(view.value.q, "level");
  const counts = facets.value?.fields.find(({ field }) => field === "log.level")?.values ?? [];
  const none = histogram.value?.buckets.reduce((sum, { levels }) => sum + (levels[""] ?? 0), 0) ??
    0;
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
      <button
        type="button"
        class="chip level-none"
        aria-pressed={wantsNoLevel(view.value.q)}
        title={t("withoutLevel")}
        onClick={() => run(toggleNoLevel(view.value.q))}
      >
        <span class="dot" aria-hidden="true" />
        {t("noLevel")}
        {none > 0 && <span class="count">{countText(none)}</span>}
      </button>
    </div>
  );
}
