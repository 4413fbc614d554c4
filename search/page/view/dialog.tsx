/** A window over the page: takes the focus, gives it back, closes with Escape. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { dialog, t } from "../state.ts";

export function Dialog({ title, children }: { title: string; children: ComponentChildren }) {
  const box = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const element = box.current!;
    const before = document.activeElement as HTMLElement | null;
    element.showModal();
    return () => {
      element.close();
      before?.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={box}
      aria-labelledby="dialog-title"
      onClose={() => dialog.value = ""}
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
