/** Beside the list: which hosts, topics, files and fields there are, with counts; a click includes or excludes. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { setColumns, toggle } from "../actions.ts";
import { getJson, problemOf } from "../client.ts";
import { rangeValues } from "../range.ts";
import { choiceOf } from "../model/edit_query.ts";
import { countText, exactCount, shortPath, timeText } from "../model/format.ts";
import { Renewal } from "../model/renewal.ts";
import { shortName } from "../../query/fields.ts";
import { facets, facetsOf, histogram, language, menu, problem, t, view } from "../state.ts";

/** Lines that are looked at for the values of a field found in lines. */
const SAMPLE = 20_000;
/** Reading those again waits so many times as long as it took. */
const RESTS = 20;

interface Value {
  value: string;
  count: number;
}

export function Facets() {
  const answer = facets.value;
  const fixed = answer?.fields.filter(({ values }) => values !== undefined) ?? [];
  const found = answer?.fields.filter(({ values }) => values === undefined) ?? [];
  return (
    <aside class={`facets${menu.value === "filters" ? " shown" : ""}`} aria-label={t("filters")}>
      {facetsOf.value !== undefined && (
        <p class="none">
          {t("countedAt", { time: timeText(facetsOf.value, view.value.zone).slice(11, 19) })}
        </p>
      )}
      {fixed.filter(({ field }) =>
        field !== "log.level"
      ).map(({ field, values }) => (
        <details key={field} open>
          <summary>
            <span class="name">{nameOf(field)}</span>
          </summary>
          <Values field={field} values={values!} />
        </details>
      ))}
      {found.length > 0 && (
        <h2 title={t("inNewest", { count: exactCount(answer!.sample, language.value) })}>
          {t("inLines")}
        </h2>
      )}
      {found.map(({ field, present }) => (
        <FieldFacet key={field} field={field} present={present} sample={answer!.sample} />
      ))}
    </aside>
  );
}

export function nameOf(field: string): string {
  if (field === "host.name") return t("host");
  if (field === "log.file.path") return t("file");
  if (field === "log.level") return t("level");
  if (field === "topic") return t("topic");
  return field;
}

/** A field found in lines; its values are counted when it is opened. */
function FieldFacet(
  { field, present, sample }: { field: string; present: number; sample: number },
) {
  const open = useSignal(false);
  const found = useSignal<{ values: Value[]; sample: number } | undefined>(undefined);
  const { q, since, until } = view.value;
  const renewal = useRef<Renewal | undefined>(undefined);
  useEffect(() => {
    if (!open.value) return;
    const stop = new AbortController();
    let tookMs = 0;
    const read = async () => {
      const beganMs = performance.now();
      // Of the newest lines: that is quick however many there are.
      const asked = { ...rangeValues(), field, sample: SAMPLE };
      try {
        found.value = await getJson("/api/values", asked, stop.signal);
      } catch (error) {
        if (!stop.signal.aborted) problem.value = problemOf(error);
      }
      tookMs = performance.now() - beganMs;
    };
    renewal.current = new Renewal(read, 0, () => tookMs * RESTS);
    renewal.current.soon();
    return () => {
      renewal.current = undefined;
      stop.abort();
    };
  }, [open.value, q, since, until]);
  // Again with the other fields.
  useEffect(() => renewal.current?.soon(), [facets.value]);
  const share = Math.max(1, Math.round(100 * present / Math.max(1, sample)));
  return (
    <details onToggle={(event) => open.value = event.currentTarget.open}>
      <summary>
        <span class="name">{field}</span>
        <span class="count">{share} %</span>
      </summary>
      {open.value && found.value !== undefined && (
        <>
          {found.value.sample < (histogram.value?.total ?? 0) && (
            <p class="none">
              {t("inNewest", { count: exactCount(found.value.sample, language.value) })}
            </p>
          )}
          <Values field={field} values={found.value.values} />
        </>
      )}
    </details>
  );
}

function Values({ field, values }: { field: string; values: readonly Value[] }) {
  if (values.length === 0) return <p class="none">{t("noValues")}</p>;
  const most = Math.max(...values.map(({ count }) => count));
  const columns = view.value.columns;
  return (
    <>
      <ul>
        {values.map(({ value, count }) => {
          const choice = choiceOf(view.value.q, field, value);
          const name = shortName(field);
          return (
            <li key={value} class={choice ?? ""}>
              <button
                type="button"
                class="plain value"
                aria-pressed={choice === "include"}
                title={t("include", { value })}
                onClick={() => toggle(name, value, "include")}
              >
                <span class="name">
                  {field === "log.file.path" ? shortPath(value).replace(/^…\//, "") : value || '""'}
                </span>
                <span class="count" title={exactCount(count, language.value)}>
                  {countText(count)}
                </span>
              </button>
              <button
                type="button"
                class="plain minus"
                aria-pressed={choice === "exclude"}
                aria-label={t("exclude", { value })}
                title={t("exclude", { value })}
                onClick={() => toggle(name, value, "exclude")}
              >
                −
              </button>
              <meter min={0} max={most} value={count} aria-hidden="true" />
            </li>
          );
        })}
      </ul>
      {!columns.includes(field) && (
        <button
          type="button"
          class="plain more"
          onClick={() => setColumns([...columns, field])}
        >
          + {t("asColumn")}
        </button>
      )}
    </>
  );
}
