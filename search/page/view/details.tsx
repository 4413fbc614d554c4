/** What a line holds: its fields, its text whole, and what can be done with it. */
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { copy, cutAt, jsonOf as lineJson, linkTo, select, setColumns, toggle } from "../actions.ts";
import { plainText } from "../model/ansi.ts";
import type { Row } from "../model/line.ts";
import { shortName } from "../../query/fields.ts";
import { dialog, finder, hasFleet, t, view } from "../state.ts";
import { Explain } from "./explain.tsx";
import { JsonTree } from "./json_tree.tsx";
import { Message } from "./message.tsx";

const SHOWN_CHARS = 10_000;

export function Details({ row, columns }: { row: Row; columns: number }) {
  const { line } = row;
  const text = line.message;
  const tree = useMemo(() => jsonOf(text), [text]);
  const raw = useSignal(false);
  return (
    <div role="row" class="details">
      <div role="gridcell" aria-colspan={columns} class="inside">
        <div class="buttons">
          <button type="button" onClick={() => copy(text)}>{t("copyLine")}</button>
          <button type="button" onClick={() => copy(lineJson(line))}>{t("copyJson")}</button>
          <button type="button" onClick={() => copy(linkTo(row))}>{t("copyLink")}</button>
          <button
            type="button"
            onClick={() => {
              select(row.key);
              dialog.value = "context";
            }}
          >
            {t("context")}
          </button>
          <button type="button" onClick={() => cutAt(row, "before")}>{t("beforeThis")}</button>
          <button type="button" onClick={() => cutAt(row, "after")}>{t("afterThis")}</button>
          {hasFleet && (
            <a class="button" href={fleetLink(line["host.name"], line["log.file.path"])}>
              {t("toHost")}
            </a>
          )}
          {tree !== undefined && (
            <button
              type="button"
              aria-pressed={raw.value}
              onClick={() => raw.value = !raw.value}
            >
              {t("raw")}
            </button>
          )}
        </div>
        <Text row={row} tree={raw.value ? undefined : tree} />
        <Explain line={line} />
        <table class="fields">
          <thead class="hidden">
            <tr>
              <th scope="col">{t("field")}</th>
              <th scope="col">{t("value")}</th>
            </tr>
          </thead>
          <tbody>
            {fieldsOf(row).map(([name, value]) => (
              <FieldRow
                key={name}
                name={name}
                value={value}
              />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** The line's text: as a tree where there is one, else as it is, cut where it is very long. */
function Text({ row, tree }: { row: Row; tree: object | undefined }) {
  const whole = useSignal(false);
  const { line } = row;
  const text = line.message;
  const max = whole.value ? Infinity : SHOWN_CHARS;
  if (tree !== undefined) {
    return (
      <div class="raw" tabIndex={0} role="group" aria-label={t("tree")}>
        <JsonTree value={tree} />
      </div>
    );
  }
  return (
    <>
      <pre class="raw" tabIndex={0} aria-label={t("raw")}>
        <Message text={text} find={finder.value} max={max} />
      </pre>
      {text.length > max && (
        <button type="button" onClick={() => whole.value = true}>
          {t("showWhole", { count: line.cut ?? text.length })}
        </button>
      )}
    </>
  );
}

function FieldRow({ name, value }: { name: string; value: string }) {
  const columns = view.value.columns;
  const shown = columns.includes(name);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        <bdi>{plainText(value.slice(0, SHOWN_CHARS))}</bdi>
      </td>
      <td class="acts">
        <button
          type="button"
          class="plain"
          aria-label={t("include", { value: `${name}:${value.slice(0, 40)}` })}
          title={t("include", { value: value.slice(0, 40) })}
          onClick={() => toggle(shortName(name), value, "include")}
        >
          +
        </button>
        <button
          type="button"
          class="plain"
          aria-label={t("exclude", { value: `${name}:${value.slice(0, 40)}` })}
          title={t("exclude", { value: value.slice(0, 40) })}
          onClick={() => toggle(shortName(name), value, "exclude")}
        >
          −
        </button>
        <button
          type="button"
          class="plain"
          aria-pressed={shown}
          aria-label={`${t("columns")}: ${name}`}
          title={t("columns")}
          onClick={() =>
            setColumns(shown ? columns.filter((one) => one !== name) : [...columns, name])}
        >
          ▥
        </button>
      </td>
    </tr>
  );
}

function fleetLink(host: string, file: string): string {
  return `/fleet?${new URLSearchParams({ host, file })}`;
}

/** Name and value, fields of the line first. */
function fieldsOf({ line }: Row): [string, string][] {
  const own = Object.entries(line.fields ?? {});
  const rest = Object.entries(line)
    .filter(([name]) => name !== "message" && name !== "fields" && name !== "cut")
    .map(([name, value]): [string, string] => [name, String(value)]);
  return [...own, ...rest];
}

/** The value of a line of JSON, an object or a list; undefined where it is none. */
function jsonOf(text: string): object | undefined {
  if (!/^\s*[{[]/.test(text) || text.length > 100_000) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}
