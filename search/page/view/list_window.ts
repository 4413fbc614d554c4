/**
 * Which rows of the list are drawn, and where the list stands: at its end while it follows, else with the row that
 * somebody looks at held in its place, whatever comes in above or below.
 */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { selectedIndex } from "../actions.ts";
import { loadNewer, loadOlder } from "../loader.ts";
import { Heights } from "../model/heights.ts";
import * as state from "../state.ts";

const ROW_HEIGHT = 21, ROW_HEIGHT_ROOMY = 29;

function rowHeight(): number {
  return state.view.value.roomy ? ROW_HEIGHT_ROOMY : ROW_HEIGHT;
}
const HEAD_HEIGHT = 25;
/** Rows drawn above and below what is seen. */
const SPARE = 12;
/** So near an end, in pixels, more is loaded. */
const NEAR = 600;

interface Scroll {
  top: number;
  height: number;
}

/** The state of one list that is not drawn itself. */
class Place {
  readonly heights = new Heights(rowHeight());
  indexes = new Map<string, number>();
  #held = { key: "", offset: 0, top: 0 };
  /** Height of the view when the list was placed. */
  #view = 0;

  setKeys(keys: readonly string[]): void {
    this.heights.setKeys(keys);
    this.indexes = new Map(keys.map((key, index) => [key, index]));
  }

  /** Holds the first row that is seen. */
  hold(box: HTMLElement): void {
    const index = this.heights.at(box.scrollTop);
    this.#held = {
      key: state.shown.value[index]?.row.key ?? "",
      offset: this.heights.top(index) - box.scrollTop,
      top: box.scrollTop,
    };
  }

  /** True where it is further up than it was placed: somebody scrolled, or the view became higher. */
  wentUp(box: HTMLElement): boolean {
    return box.scrollTop < this.#held.top - 1;
  }

  /** True where somebody scrolled up: the browser moves what is seen where the view becomes higher, perhaps for a moment. */
  leftEnd(box: HTMLElement): boolean {
    return this.wentUp(box) && box.clientHeight === this.#view;
  }

  /** Measures what was drawn, then puts the list where it belongs; true where a height was not as thought. */
  settle(box: HTMLElement): boolean {
    // The browser tells of scrolling a frame later: what is drawn meanwhile must not take it back.
    if (state.following.value && this.leftEnd(box)) {
      state.following.value = false;
      this.hold(box);
    }
    let moved = false;
    for (const item of box.querySelectorAll<HTMLElement>("[data-key]")) {
      const { height } = item.getBoundingClientRect();
      if (this.heights.measure(item.dataset.key!, height)) moved = true;
    }
    box.querySelector<HTMLElement>(".space")!.style.height = `${this.heights.total}px`;
    if (state.following.value) box.scrollTop = box.scrollHeight;
    else {
      const index = this.indexes.get(this.#held.key);
      if (index !== undefined) {
        const wanted = this.heights.top(index) - this.#held.offset;
        if (Math.abs(wanted - box.scrollTop) > 1) box.scrollTop = wanted;
      }
    }
    this.#held.top = box.scrollTop;
    this.#view = box.clientHeight;
    return moved;
  }

  /** Scrolls as little as is needed to see the row. */
  show(box: HTMLElement, index: number): void {
    const top = this.heights.top(index), bottom = this.heights.top(index + 1);
    const seen = box.clientHeight - HEAD_HEIGHT;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (bottom > box.scrollTop + seen) {
      box.scrollTop = bottom - top > seen ? top : bottom - seen;
    }
    this.hold(box);
  }
}

/** Asks for more lines where an end of the list is near. */
function more(box: HTMLElement): void {
  const fills = box.scrollHeight > box.clientHeight + 4;
  if (!fills || (box.scrollTop < NEAR && !state.following.value)) loadOlder();
  if (box.scrollHeight - box.scrollTop - box.clientHeight < NEAR) loadNewer();
}

/** @param layout changes where rows get other heights */
export function useListWindow(keys: readonly string[], layout: string) {
  const scroller = useRef<HTMLDivElement>(null);
  const place = useMemo(() => new Place(), []);
  const scroll = useSignal<Scroll>({ top: 0, height: 800 });
  useMemo(() => place.setKeys(keys), [keys]);
  useMemo(() => place.heights.reset(rowHeight()), [layout]);
  const note = () => {
    const { scrollTop: top, clientHeight: height } = scroller.current!;
    if (top !== scroll.peek().top || height !== scroll.peek().height) {
      scroll.value = { top, height };
    }
  };
  useLayoutEffect(() => {
    if (place.settle(scroller.current!)) scroll.value = { ...scroll.value };
    note();
  });
  useLayoutEffect(() => {
    const index = selectedIndex();
    if (index < 0 || state.following.value) return;
    place.show(scroller.current!, index);
    note();
  }, [state.selected.value, state.opened.value, state.loading.value === "all"]);
  useEffect(() => {
    const observer = new ResizeObserver(() => {
      if (state.view.value.wrap) place.heights.reset(rowHeight());
      note();
    });
    observer.observe(scroller.current!);
    return () => observer.disconnect();
  }, []);
  // A list that does not fill the view has no scrolling that could ask for more.
  useEffect(() => more(scroller.current!));

  const onScroll = () => {
    const box = scroller.current!;
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 4;
    if (place.leftEnd(box)) state.following.value = false;
    else if (
      !place.wentUp(box) &&
      atEnd && !state.buffer.hasNewer && !state.following.value && state.live.value !== "off"
    ) {
      state.waiting.value = 0;
      state.following.value = true;
    }
    place.hold(box);
    note();
    more(box);
  };
  const { top, height } = scroll.value;
  const first = Math.max(0, place.heights.at(top) - SPARE);
  const last = Math.min(keys.length, place.heights.at(top + height) + SPARE);
  return { scroller, onScroll, first, last, top: place.heights.top(first) };
}
