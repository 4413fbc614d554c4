/** Above the list, while archived days are searched: how far, what ended it, and what can be done. */
import { load, loadOlder } from "../loader.ts";
import { stopArchive } from "../archive.ts";
import { bytesText, exactCount, timeText } from "../model/format.ts";
import * as state from "../state.ts";

const { archive, t } = state;

export function ArchiveBar() {
  if (!state.view.value.archive || archive.value === undefined) return null;
  const { searching, progress, end } = archive.value;
  return (
    <div class="archive" role="group" aria-label={t("archive")}>
      {searching && (
        <progress
          aria-label={t("archiveSearching")}
          {...progress && { max: Math.max(1, progress.days), value: progress.daysOpened }}
        />
      )}
      <span class="said">{searching ? t("archiveSearching") : endText()}</span>
      {progress !== undefined && (
        <span class="quiet">
          {t("archiveProgress", {
            done: progress.daysOpened,
            days: progress.days,
            bytes: bytesText(progress.bytes),
            lines: exactCount(progress.lines, state.language.value),
          })}
        </span>
      )}
      {progress !== undefined && progress.late > 0 && (
        <span class="warning">
          {t("archiveLate", { count: exactCount(progress.late, state.language.value) })}
        </span>
      )}
      <span class="buttons">
        {searching && <button type="button" onClick={stopArchive}>{t("cancel")}</button>}
        {!searching && end?.why !== "complete" && (
          <button
            type="button"
            onClick={() => loadOlder(true)}
          >
            {t("archiveOlder")}
          </button>
        )}
        <button type="button" onClick={leaveArchive}>{t("archiveLeave")}</button>
      </span>
    </div>
  );
}

/** How the last search ended. */
function endText(): string {
  const { end, progress } = archive.value ?? {};
  if (end?.why === "complete") return t("archiveComplete");
  if (end?.why === "limit") return t("archiveLimit");
  const reached = end === undefined ? progress?.reached : end.since;
  const time = reached ? timeText(Date.parse(reached), state.view.value.zone) : "…";
  return end === undefined
    ? t("archiveStopped", { time })
    : t("archiveBound", { time, bound: t(BOUNDS[end.why as keyof typeof BOUNDS]) });
}

const BOUNDS = { days: "boundDays", bytes: "boundBytes", time: "boundTime" } as const;

export function enterArchive(): void {
  state.setView({ archive: true, line: "" }, true);
  load();
}

function leaveArchive(): void {
  state.setView({ archive: false }, true);
  load();
}

/** Where the page knows an archive: searches it, or goes back to the index alone. */
export function ArchiveButton() {
  if (!state.hasArchive) return null;
  const on = state.view.value.archive;
  return (
    <button
      type="button"
      aria-pressed={on}
      title={t("archiveHint")}
      onClick={() => on ? leaveArchive() : enterArchive()}
    >
      {t("archive")}
    </button>
  );
}
