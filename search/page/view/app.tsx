/** The page: search above, histogram below it, facets beside the list, dialogs over it. */
import { plainText } from "../model/ansi.ts";
import { timeText } from "../model/format.ts";
import { dialog, gone, notice, problem, t, view } from "../state.ts";
import { ArchiveBar } from "./archive_bar.tsx";
import { Conditions } from "./conditions.tsx";
import { ContextDialog } from "./context_dialog.tsx";
import { Facets } from "./facets.tsx";
import { HelpDialog } from "./help_dialog.tsx";
import { HistogramView } from "./histogram.tsx";
import { List } from "./list.tsx";
import { PaletteDialog } from "./palette_dialog.tsx";
import { SearchBox } from "./search_box.tsx";
import { SourcesDialog } from "./sources_dialog.tsx";
import { StatusBar } from "./status_bar.tsx";
import { Toolbar } from "./toolbar.tsx";

export function App() {
  return (
    <div class="page">
      <header class="head">
        <h1 class="brand" aria-label={t("title")}>
          <span aria-hidden="true">Weir</span>
        </h1>
        <div class="searching">
          <SearchBox />
          <Conditions />
        </div>
        <Toolbar />
      </header>
      <ProblemBar />
      <GoneBar />
      <main class="body">
        <Facets />
        <section class="results" aria-label={t("lines")}>
          <HistogramView />
          <ArchiveBar />
          <List />
        </section>
      </main>
      <StatusBar />
      <div class="notice" role="status">{notice.value}</div>
      {dialog.value === "palette" && <PaletteDialog />}
      {dialog.value === "help" && <HelpDialog />}
      {dialog.value === "sources" && <SourcesDialog />}
      {dialog.value === "context" && <ContextDialog />}
    </div>
  );
}

function ProblemBar() {
  const fault = problem.value;
  if (fault === undefined) return null;
  return (
    <div class="problem" role="alert">
      <span>
        <strong>{t("error")}:</strong> {fault.message} {fault.hint}{" "}
        <span class="code">{fault.code}</span>
      </span>
      <button type="button" class="plain" onClick={() => problem.value = undefined}>
        {t("close")}
      </button>
    </div>
  );
}

/** A link whose line is gone: why, what the link still holds, and what is shown instead. */
function GoneBar() {
  if (gone.value === undefined) return null;
  const { copy } = gone.value;
  return (
    <div class="problem gone" role="status">
      <div>
        <p>{t("gone")} {copy === undefined ? "" : t("goneCopy")}</p>
        {copy !== undefined && (
          <pre tabIndex={0} aria-label={t("goneCopy")}>{[
            timeText(Date.parse(copy.time), view.value.zone),
            copy.level,
            copy.host,
            copy.path,
            plainText(copy.message),
          ].filter((part) => part !== "").join("  ")}</pre>
        )}
        <p>{t("goneNear")}</p>
      </div>
      <button type="button" class="plain" onClick={() => gone.value = undefined}>
        {t("close")}
      </button>
    </div>
  );
}
