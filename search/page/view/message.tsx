/** A message as text: colours of terminals and hits become spans, nothing in it ever becomes markup. */
import type { VNode } from "preact";
import { spansOf } from "../model/ansi.ts";
import type { Finder } from "../model/highlight.ts";

/** @param max characters shown at most */
export function Message({ text, find, max }: { text: string; find: Finder; max: number }) {
  const cut = text.length > max ? text.slice(0, max) : text;
  const spans = spansOf(cut);
  const ranges = find(spans.length === 1 ? spans[0].text : spans.map((one) => one.text).join(""));
  const parts: (VNode | string)[] = [];
  for (const span of spans) {
    let at = 0;
    const end = span.start + span.text.length;
    const put = (to: number, hit: boolean) => {
      if (to <= at) return;
      const piece = span.text.slice(at, to);
      at = to;
      if (hit) parts.push(<mark class={span.className}>{piece}</mark>);
      else parts.push(span.className === "" ? piece : <span class={span.className}>{piece}</span>);
    };
    for (const [from, to] of ranges) {
      if (to <= span.start || from >= end) continue;
      put(from - span.start, false);
      put(Math.min(to - span.start, span.text.length), true);
    }
    put(span.text.length, false);
  }
  return (
    <>
      {parts}
      {cut.length < text.length && "…"}
    </>
  );
}
