/** The bottom line: what is going on, in words; a short summary of it is spoken now and then. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { togglePause } from "../actions.ts";
import { load } from "../loader.ts";
import { exactCount, timeText } from "../model/format.ts";
import * as state from "../state.ts";

const { t } = state;
const SPOKEN_MS = 5000;

export function StatusBar() {
  const { live, following, loading, sampled, trimmed, histogram, language } = state;
  state.version.value;
  const rows = state.buffer.rows.length;
  const total = histogram.value?.total;
  const isEstimate = histogram.value?.estimated !== undefined;
  const mode = live.value === "off"
    ? state.view.value.archive && loading.value === ""
      ? t("archiveMode")
      : (loading.value === "" ? t("fixedRange") : t("loading"))
    : live.value === "connecting"
    ? t("connecting")
    : live.value === "lost"
    ? t("lost")
    : following.value
    ? t("following")
    : t("paused");
  return (
    <footer class="status">
      <button
        type="button"
        class={`mode ${live.value} ${following.value ? "following" : "paused"}`}
        disabled={live.value === "off"}
        title={following.value ? t("pause") : t("follow")}
        onClick={() => togglePause()}
      >
        <span class="lamp" aria-hidden="true" />
        {mode}
      </button>
      {total !== undefined && (
        <span>
          {t(isEstimate ? "totalAbout" : "total", { count: exactCount(total, language.value) })}
        </span>
      )}
      <span class="quiet">{t("shown", { count: exactCount(rows, language.value) })}</span>
      {loading.value === "older" && <span class="quiet">{t("loadingOlder")}</span>}
      {(loading.value === "older" || loading.value === "all") && rows > 0 && (
        <span class="quiet searched">
          {t("searchedBack", { time: searchedBack(state.buffer.rows[0].timeMs) })}
        </span>
      )}
      {loading.value === "" && rows > 0 && !state.buffer.hasOlder && (
        <span class="quiet wide">{t("startReached")}</span>
      )}
      {trimmed.value && <span class="quiet wide">{t("trimmed")}</span>}
      {sampled.value !== undefined && (
        <span class="warning">
          {t("sampled", {
            seen: exactCount(sampled.value.seen, language.value),
            sent: exactCount(sampled.value.sent, language.value),
          })}{" "}
          <button type="button" class="plain link" onClick={() => load()}>
            {t("showAll")}
          </button>
        </span>
      )}
      <Summary
        text={total === undefined ? mode : t(isEstimate ? "summaryAbout" : "summary", {
          count: exactCount(total, language.value),
          state: mode,
        })}
      />
    </footer>
  );
}

/** The oldest line found so far: newer ones have all been looked at. The day is said where it is not today. */
function searchedBack(ms: number): string {
  const { zone } = state.view.value;
  const text = timeText(ms, zone), today = timeText(Date.now(), zone).slice(0, 10);
  return text.startsWith(today) ? text.slice(11, 19) : text.slice(0, 19);
}

/** Spoken at most every five seconds, and only where it changed. */
function Summary({ text }: { text: string }) {
  const spoken = useSignal("");
  useEffect(() => {
    const timer = setTimeout(() => spoken.value = text, spoken.value === "" ? 500 : SPOKEN_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return <span class="hidden" aria-live="polite">{spoken.value}</span>;
}
