/**
 * ⌘K or Ctrl-K: everything the page can do, found by typing: actions, time ranges, saved views, fields, the last
 * queries. Arrows choose, Enter does it, Escape closes.
 */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import * as actions from "../actions.ts";
import { setLanguage, setTheme } from "../choices.ts";
import { FACETS } from "../../query/fields.ts";
import { paletteFor } from "../model/palette.ts";
import * as state from "../state.ts";
import { enterArchive } from "./archive_bar.tsx";
import { Dialog } from "./dialog.tsx";
import { nameOf } from "./facets.tsx";
import { PRESETS } from "./toolbar.tsx";

const { dialog, t } = state;

interface Item {
  kind: string;
  label: string;
  run: () => void;
}

function items(): Item[] {
  const act = (label: string, run: () => void): Item => ({ kind: t("actions"), label, run });
  // The common ones are there before anything was counted.
  const found = state.facets.value?.fields.map(({ field }) => field) ?? [];
  const fields = [...new Set([...FACETS, ...found])];
  return [
    act(state.following.value ? t("pause") : t("follow"), actions.togglePause),
    act(t("wrap"), actions.toggleWrap),
    act(`${t("theme")}: ${t("themeLight")}`, () => setTheme("light")),
    act(`${t("theme")}: ${t("themeDark")}`, () => setTheme("dark")),
    act(`${t("theme")}: ${t("themeAuto")}`, () => setTheme("auto")),
    act("English", () => setLanguage("en")),
    act("简体中文", () => setLanguage("zh")),
    ...state.hasArchive && !state.view.value.archive ? [act(t("archiveSearch"), enterArchive)] : [],
    act(t("sources"), () => dialog.value = "sources"),
    act(t("copyCurl"), () => void actions.copy(actions.curlText())),
    act(t("clearQuery"), () => actions.run("")),
    act(t("help"), () => dialog.value = "help"),
    ...["NDJSON", "CSV", "Text"].map((name) =>
      act(
        `${t("download")}: ${name}`,
        () => location.assign(actions.downloadUrl(name.toLowerCase())),
      )
    ),
    ...PRESETS.map(([since, key]): Item => ({
      kind: t("range"),
      label: t(key),
      run: () => actions.setRange(since, ""),
    })),
    ...state.saved.value.map(({ name, address }): Item => ({
      kind: t("saved"),
      label: name,
      run: () => location.assign(`/${address}`),
    })),
    ...fields.map((field): Item => ({
      kind: t("fields"),
      label: nameOf(field) === field ? field : `${nameOf(field)} (${field})`,
      run: () => actions.startCondition(field),
    })),
    ...state.recent.value.map((query): Item => ({
      kind: t("search"),
      label: query,
      run: () => actions.run(query),
    })),
  ];
}

export function PaletteDialog() {
  const all = useRef(items()).current;
  const text = useSignal(""), chosen = useSignal(0);
  const found = paletteFor(all, text.value);
  const run = (item: Item | undefined) => {
    if (item === undefined) return;
    dialog.value = "";
    // After the window is closed and the focus is back: what is done may open or focus something.
    setTimeout(item.run);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by !== undefined && found.length > 0) {
      event.preventDefault();
      chosen.value = (chosen.value + by + found.length) % found.length;
      document.getElementById(`palette-${chosen.value}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      run(found[chosen.value]);
    }
  };
  return (
    <Dialog title={t("palette")}>
      <input
        type="text"
        class="wide"
        role="combobox"
        aria-label={t("palette")}
        aria-expanded={found.length > 0}
        aria-controls="palette"
        aria-activedescendant={found.length > 0 ? `palette-${chosen.value}` : undefined}
        autocomplete="off"
        autofocus
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          chosen.value = 0;
        }}
        onKeyDown={onKeyDown}
      />
      <ul
        id="palette"
        role="listbox"
        aria-label={t("palette")}
        class="palette"
        hidden={found.length === 0}
      >
        {found.map((item, index) => (
          <li
            key={`${item.kind} ${item.label}`}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === chosen.value}
            onClick={() => run(item)}
          >
            <span>{item.label}</span>
            <span class="kind">{item.kind}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p role="status">{t("nothingFound")}</p>}
    </Dialog>
  );
}
