/** Query language and keys on one sheet. */
import type { TextKey } from "../model/text.ts";
import { t } from "../state.ts";
import { Dialog } from "./dialog.tsx";

const KEYS: [string, TextKey][] = [
  ["/", "keySearch"],
  ["j  k", "keyMove"],
  ["g  G", "keyEnds"],
  ["e  E", "keyError"],
  ["w  W", "keyWarn"],
  ["n  N", "keyHit"],
  ["Enter", "keyEnter"],
  ["c", "keyContext"],
  ["m  u  U", "keyMark"],
  ["p", "keyPause"],
  ["l", "keyWrap"],
  ["x", "keyColumns"],
  ["t", "keyTheme"],
  ["Ctrl-K", "keyPalette"],
  ["?", "keyHelp"],
];

const SYNTAX = [
  "timeout refused",
  '"connection reset by peer"',
  "conn*",
  "level:error   level:>=warn",
  "host:web-1   file:*.log",
  "status:>=500   took:[100 TO 200]",
  "user:*",
  "-debug   NOT (a OR b)",
  "/timed? out after \\d+ms/   /error/i",
];

export function HelpDialog() {
  return (
    <Dialog title={t("help")}>
      <div class="two">
        <section>
          <h3>{t("syntax")}</h3>
          <ul class="syntax">
            {SYNTAX.map((text) => <li key={text}>{text}</li>)}
          </ul>
        </section>
        <section>
          <h3>{t("keys")}</h3>
          <dl class="keys">
            {KEYS.map(([key, text]) => (
              <div key={key}>
                <dt>
                  {key.split(/\s+/).map((one) => <kbd key={one}>{one}</kbd>)}
                </dt>
                <dd>{t(text)}</dd>
              </div>
            ))}
          </dl>
        </section>
      </div>
    </Dialog>
  );
}
