/** A window over the page: takes the focus, gives it back, closes with Escape. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { dialog, t } from "../state.ts";

export function Dialog({ title, children }: { title: string; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const element = box.current!;
    const before = document.activeElement as HTMLElement | null;
    const closed = () => void (dialog.value = "");
    element.addEventListener("close", closed);
    element.showModal();
    return () => {
      // The browser tells the end of this window later; another one may be open by then.
      element.removeEventListener("close", closed);
      element.close();
      before?.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={box}
      aria-labelledby="dialog-title"
      onClick={(event) => {
        if (event.target === box.current) dialog.value = "";
      }}
    >
      <div class="dialog">
        <header>
          <h2 id="dialog-title">{title}</h2>
          <button type="button" onClick={() => dialog.value = ""}>{t("close")}</button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
