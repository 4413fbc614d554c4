/** The query: one box; what is wrong with it is shown below, with a caret at the column, while it is typed. */
import { type Signal, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { run } from "../actions.ts";
import { getJson } from "../client.ts";
import { rangeValues } from "../range.ts";
import { type Suggestion, suggestionsFor } from "../model/suggest.ts";
import { facets, recent, t, typed, typedFault, view } from "../state.ts";

export function SearchBox() {
  const input = useRef<HTMLInputElement>(null);
  const list = useSuggestions(() => input.current!);
  const fault = typedFault.value;
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        list.close();
        run();
      }}
    >
      <div class={`box${fault === undefined ? "" : " wrong"}`}>
        <input
          id="query"
          ref={input}
          type="text"
          role="combobox"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-label={t("searchLabel")}
          aria-invalid={fault !== undefined}
          aria-describedby={fault === undefined ? undefined : "query-fault"}
          aria-expanded={list.found.value.length > 0}
          aria-controls="suggestions"
          aria-autocomplete="list"
          aria-activedescendant={list.chosen.value < 0
            ? undefined
            : `suggestion-${list.chosen.value}`}
          placeholder={t("searchHint")}
          value={typed.value}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
            void list.suggest();
          }}
          onKeyDown={list.onKeyDown}
          onBlur={() => setTimeout(list.close, 150)}
        />
        {typed.value !== "" && <Clear />}
        <div class="drop">
          {fault !== undefined && (
            <div class="fault" id="query-fault">
              <pre aria-hidden="true">{fault.message.split("\n").slice(1).join("\n")}</pre>
              <p>{fault.column}: {fault.detail}. {fault.hint}</p>
            </div>
          )}
          <Choices found={list.found} chosen={list.chosen} take={list.take} />
        </div>
      </div>
      <button type="submit" class={typed.value === view.value.q ? "" : "primary"}>
        {t("run")}
      </button>
    </form>
  );
}

function Clear() {
  return (
    <button
      type="button"
      class="plain clear"
      aria-label={t("clearQuery")}
      title={t("clearQuery")}
      onClick={() => run("")}
    >
      ✕
    </button>
  );
}

function Choices({ found, chosen, take }: {
  found: Signal<Suggestion[]>;
  chosen: Signal<number>;
  take: (one: Suggestion) => void;
}) {
  return (
    <ul
      id="suggestions"
      role="listbox"
      aria-label={t("fields")}
      class="suggestions"
      hidden={found.value.length === 0}
    >
      {found.value.map((one, index) => (
        <li
          key={one.label}
          id={`suggestion-${index}`}
          role="option"
          aria-selected={index === chosen.value}
          onMouseDown={(event) => {
            event.preventDefault();
            take(one);
          }}
        >
          {one.label}
        </li>
      ))}
    </ul>
  );
}

async function valuesOf(field: string): Promise<string[]> {
  const { values } = await getJson<{ values: { value: string }[] }>("/api/values", {
    ...rangeValues(),
    q: "",
    field,
    limit: 50,
    sample: 5000,
  });
  return values.map(({ value }) => value);
}

/** What could come next, chosen with arrows and Tab or Enter; Enter without a choice runs the query. */
function useSuggestions(box: () => HTMLInputElement) {
  const found = useSignal<Suggestion[]>([]);
  const chosen = useSignal(-1);
  const turn = useRef(0);
  const close = () => {
    turn.current++;
    found.value = [];
    chosen.value = -1;
  };
  const suggest = async () => {
    const mine = ++turn.current;
    const cursor = box().selectionStart ?? typed.value.length;
    const names = facets.value?.fields.map(({ field }) => field) ?? [];
    const list = typed.value === ""
      ? recent.value.map((text) => ({ label: text, text, cursor: text.length, more: false }))
      : await suggestionsFor(typed.value, cursor, names, valuesOf);
    if (mine !== turn.current) return;
    found.value = list;
    chosen.value = -1;
  };
  const take = (one: Suggestion) => {
    close();
    typed.value = one.text;
    box().value = one.text;
    box().focus();
    box().setSelectionRange(one.cursor, one.cursor);
    if (one.more) void suggest();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const count = found.value.length;
    const one = found.value[chosen.value];
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      if (one !== undefined) return take(one);
      close();
      run();
    } else if (count === 0 && event.key === "ArrowDown" && typed.value === "") {
      event.preventDefault();
      void suggest();
    } else if (count > 0 && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      // -1 is the box itself.
      chosen.value = (chosen.value + 1 + by + count + 1) % (count + 1) - 1;
    } else if (event.key === "Tab" && one !== undefined) {
      event.preventDefault();
      take(one);
    } else if (event.key === "Escape" && count > 0) {
      event.stopPropagation();
      close();
    }
  };
  return { found, chosen, close, suggest, take, onKeyDown };
}
