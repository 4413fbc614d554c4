/**
 * Chips of the levels: each stands in the query as level:…; a click adds it or takes it back. Their counts are the sums
 * of the bars.
 */
import { run, toggle } from "../actions.ts";
import { includedValues, toggleNoLevel, wantsNoLevel } from "../model/edit_query.ts";
import { countText, exactCount } from "../model/format.ts";
import { LEVELS } from "../../query/fields.ts";
import { histogram, language, t, view } from "../state.ts";

export function LevelChips() {
  const included = includedValues(view.value.q, "level");
  const counts = new Map<string, number>();
  for (const { levels } of histogram.value?.buckets ?? []) {
    for (const [level, count] of Object.entries(levels)) {
      counts.set(level, (counts.get(level) ?? 0) + count);
    }
  }
  return (
    <div class="chips" role="group" aria-label={t("levels")}>
      {[...LEVELS].reverse().map((level) => {
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
            <Count count={counts.get(level) ?? 0} />
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
        <Count count={counts.get("") ?? 0} />
      </button>
    </div>
  );
}

function Count({ count }: { count: number }) {
  if (count === 0) return null;
  return <span class="count" title={exactCount(count, language.value)}>{countText(count)}</span>;
}
