/** Above the list: levels, time range, columns, download, view and help. Menus are disclosures, not modal. */
import { zoneOf } from "../model/address.ts";
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import {
  copy,
  curlText,
  downloadUrl,
  moveColumn,
  setColumns,
  setRange,
  toggleWrap,
} from "../actions.ts";
import { LIMITS } from "../../api/limits.ts";
import { load } from "../loader.ts";
import { exactCount } from "../model/format.ts";
import type { TextKey } from "../model/text.ts";
import * as state from "../state.ts";
import { ArchiveButton } from "./archive_bar.tsx";
import { ThemeAndLanguage } from "./choices.tsx";
import { nameOf } from "./facets.tsx";
import { LevelChips } from "./levels.tsx";
import { ElsewhereLinks } from "./elsewhere_links.tsx";
import { SavedMenu } from "./saved_menu.tsx";

const { menu, t } = state;
type Name = typeof menu.value;

export const PRESETS: [string, TextKey][] = [
  ["", "all"],
  ["-15m", "last15m"],
  ["-1h", "last1h"],
  ["-6h", "last6h"],
  ["-24h", "last24h"],
  ["-7d", "last7d"],
];

export function Toolbar() {
  return (
    <div class="toolbar">
      <LevelChips />
      <div class="menus">
        <button
          type="button"
          class="narrow"
          aria-expanded={menu.value === "filters"}
          onClick={() => menu.value = menu.value === "filters" ? "" : "filters"}
        >
          {t("filters")}
        </button>
        <Menu name="range" label={rangeText()}>
          <RangeMenu />
        </Menu>
        <ArchiveButton />
        <Menu name="saved" label={t("saved")}>
          <SavedMenu />
        </Menu>
        <Menu name="columns" label={t("columns")}>
          <ColumnsMenu />
        </Menu>
        <Menu name="download" label={t("download")}>
          <p>
            {t("downloadHint")}
            {(state.histogram.value?.total ?? 0) > LIMITS.export && (
              <>
                {" "}
                {t("downloadPart", {
                  count: exactCount(LIMITS.export, state.language.value),
                })}
              </>
            )}
          </p>
          {["ndjson", "csv", "text"].map((format) => (
            <a key={format} href={downloadUrl(format)} download>
              {{ ndjson: "NDJSON", csv: "CSV", text: "Text" }[format]}
            </a>
          ))}
          <button type="button" onClick={() => copy(curlText())}>{t("copyCurl")}</button>
        </Menu>
        <Menu name="view" label={t("menu")}>
          <ViewMenu />
        </Menu>
        <button type="button" onClick={() => state.dialog.value = "sources"}>{t("sources")}</button>
        <ElsewhereLinks />
        {state.hasFleet && <a class="button" href="/fleet">{t("fleet")}</a>}
        <button
          type="button"
          aria-label={t("help")}
          title={t("help")}
          onClick={() => state.dialog.value = "help"}
        >
          ?
        </button>
      </div>
    </div>
  );
}

function Menu(
  { name, label, children }: { name: Name; label: string; children: ComponentChildren },
) {
  const open = menu.value === name;
  return (
    <div
      class="menu"
      onFocusOut={(event) => {
        const next = event.relatedTarget as Node | null;
        if (open && next !== null && !event.currentTarget.contains(next)) menu.value = "";
      }}
    >
      <button
        type="button"
        aria-expanded={open}
        aria-controls={`menu-${name}`}
        onClick={() => menu.value = open ? "" : name}
      >
        {label} <span aria-hidden="true">▾</span>
      </button>
      <div id={`menu-${name}`} class="panel" role="group" aria-label={label} hidden={!open}>
        {open && children}
      </div>
    </div>
  );
}

function rangeText(): string {
  const { since, until } = state.view.value;
  const preset = until === "" ? PRESETS.find(([value]) => value === since) : undefined;
  if (preset !== undefined) return t(preset[1]);
  const short = (text: string) => text.replace(/^(\d{4}-\d\d-\d\dT[\d:]+)\.\d+Z$/, "$1Z");
  return `${short(since) || "…"} – ${short(until) || t("following")}`;
}

function RangeMenu() {
  const since = useSignal(state.view.value.since);
  const until = useSignal(state.view.value.until);
  const apply = (from: string, to: string) => {
    menu.value = "";
    setRange(from, to);
  };
  return (
    <>
      {PRESETS.map(([value, key]) => (
        <button
          key={value}
          type="button"
          class="plain"
          onClick={() => apply(value, "")}
        >
          {t(key)}
        </button>
      ))}
      <form
        class="range"
        onSubmit={(event) => {
          event.preventDefault();
          apply(since.value.trim(), until.value.trim());
        }}
      >
        <label>
          {t("since")}
          <input
            type="text"
            value={since.value}
            onInput={(event) => since.value = event.currentTarget.value}
          />
        </label>
        <label>
          {t("until")}
          <input
            type="text"
            value={until.value}
            onInput={(event) => until.value = event.currentTarget.value}
          />
        </label>
        <p>{t("rangeHint")}</p>
        <button type="submit" class="primary">{t("apply")}</button>
      </form>
    </>
  );
}

function ColumnsMenu() {
  const { columns } = state.view.value;
  const name = useSignal("");
  const known = [
    "host.name",
    "log.file.path",
    "topic",
    ...(state.facets.value?.fields.map(({ field }) => field) ?? []).slice(0, 30),
  ];
  const all = [...new Set([...columns, ...known])].filter((one) => one !== "log.level");
  return (
    <>
      <div class="checks">
        {all.map((column) => (
          <label key={column}>
            <input
              type="checkbox"
              checked={columns.includes(column)}
              onChange={(event) =>
                setColumns(
                  event.currentTarget.checked
                    ? [...columns, column]
                    : columns.filter((one) => one !== column),
                )}
            />
            <span class="name">{nameOf(column)}</span>
            {columns.includes(column) && (
              <>
                <MoveButton column={column} by={-1} />
                <MoveButton column={column} by={1} />
              </>
            )}
          </label>
        ))}
      </div>
      <form
        class="range"
        onSubmit={(event) => {
          event.preventDefault();
          const added = name.value.trim();
          if (added !== "" && !columns.includes(added)) setColumns([...columns, added]);
          name.value = "";
        }}
      >
        <label>
          {t("addColumn")}
          <input
            type="text"
            value={name.value}
            onInput={(event) => name.value = event.currentTarget.value}
          />
        </label>
      </form>
    </>
  );
}

function MoveButton({ column, by }: { column: string; by: 1 | -1 }) {
  const { columns } = state.view.value;
  const label = t(by < 0 ? "moveLeft" : "moveRight", { name: nameOf(column) });
  return (
    <button
      type="button"
      class="plain"
      aria-label={label}
      title={label}
      disabled={columns[columns.indexOf(column) + by] === undefined}
      onClick={(event) => {
        // Not a click on the label around it.
        event.preventDefault();
        moveColumn(column, columns.indexOf(column) + by);
      }}
    >
      {by < 0 ? "←" : "→"}
    </button>
  );
}

function ViewMenu() {
  const { wrap, zone, roomy, mark } = state.view.value;
  return (
    <>
      <label>
        <input type="checkbox" checked={wrap} onChange={() => toggleWrap()} />
        {t("wrap")}
      </label>
      <label>
        <input
          type="checkbox"
          checked={roomy}
          onChange={() => state.setView({ roomy: !roomy })}
        />
        {t("roomy")}
      </label>
      <label>
        {t("highlight")}
        <input
          type="text"
          value={mark}
          title={t("highlightHint")}
          onInput={(event) => state.setView({ mark: event.currentTarget.value })}
        />
      </label>
      <label>
        {t("zone")}
        <select
          value={zone}
          onChange={(event) => {
            state.setView({ zone: zoneOf(event.currentTarget.value) });
            load();
          }}
        >
          <option value="local">{t("zoneLocal")}</option>
          <option value="utc">{t("zoneUtc")}</option>
          {state.hostZone !== "" && (
            <option value="host">{t("zoneHost", { zone: state.hostZone })}</option>
          )}
        </select>
      </label>
      <ThemeAndLanguage />
    </>
  );
}
