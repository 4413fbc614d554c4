/** Saved views: a name for all that stands in the address; a click opens it, in a new tab too. */
import { useSignal } from "@preact/signals";
import { addressOf } from "../model/address.ts";
import { withView } from "../model/saved.ts";
import * as state from "../state.ts";

const { t } = state;

function keep(views: typeof state.saved.value): void {
  state.saved.value = views;
  state.store("saved", JSON.stringify(views));
}

export function SavedMenu() {
  const name = useSignal(state.view.value.q);
  const views = state.saved.value;
  return (
    <>
      {views.length === 0 && <p>{t("noSaved")}</p>}
      {views.map((one) => (
        <div class="saved" key={one.name}>
          <a href={`/${one.address}`}>★ {one.name}</a>
          <button
            type="button"
            class="plain"
            aria-label={t("forget", { name: one.name })}
            title={t("forget", { name: one.name })}
            onClick={() => keep(views.filter((other) => other !== one))}
          >
            ✕
          </button>
        </div>
      ))}
      <form
        class="range"
        onSubmit={(event) => {
          event.preventDefault();
          const given = name.value.trim().slice(0, 100);
          if (given === "") return;
          const address = addressOf({ ...state.view.value, line: "" });
          keep(withView(views, { name: given, address }));
        }}
      >
        <label>
          {t("saveAs")}
          <input
            type="text"
            value={name.value}
            onInput={(event) => name.value = event.currentTarget.value}
          />
        </label>
        <button type="submit" class="primary">{t("save")}</button>
      </form>
    </>
  );
}
