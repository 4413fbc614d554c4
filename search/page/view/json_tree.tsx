/** JSON as a tree that opens and closes; what is closed is not in the document, so that large values stay light. */
import { useSignal } from "@preact/signals";
import { plainText } from "../model/ansi.ts";

/** Members of one object or list that are shown; more at a click. */
const STEP = 200;
const OPEN_DEPTH = 1;
const TEXT_MAX = 10_000;

export function JsonTree({ value, depth = 0 }: { value: object; depth?: number }) {
  const most = useSignal(STEP);
  const all = Object.entries(value);
  return (
    <ul class="tree">
      {all.slice(0, most.value).map(([name, member]) => (
        <li key={name}>
          <Member name={name} value={member} depth={depth} />
        </li>
      ))}
      {all.length > most.value && (
        <li>
          <button type="button" class="plain link" onClick={() => most.value += STEP}>
            … {all.length - most.value}
          </button>
        </li>
      )}
    </ul>
  );
}

function Member({ name, value, depth }: { name: string; value: unknown; depth: number }) {
  const open = useSignal(depth < OPEN_DEPTH);
  const key = <span class="key">{plainText(name)}</span>;
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    const text = JSON.stringify(value);
    return (
      <>
        {key}: <bdi>{plainText(text.slice(0, TEXT_MAX))}</bdi>
        {text.length > TEXT_MAX && "…"}
      </>
    );
  }
  const size = Object.keys(value).length;
  return (
    <details open={open.value} onToggle={(event) => open.value = event.currentTarget.open}>
      <summary>
        {key} <span class="size">{Array.isArray(value) ? `[${size}]` : `{${size}}`}</span>
      </summary>
      {open.value && <JsonTree value={value} depth={depth + 1} />}
    </details>
  );
}
