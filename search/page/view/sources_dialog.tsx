/** What is read and what is not, with the reason: silence in the list is never left unexplained. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { getJson, problemOf } from "../client.ts";
import { bytesText } from "../model/format.ts";
import { problem, t } from "../state.ts";
import { Dialog } from "./dialog.tsx";

/** Of /api/sources; further fields are not shown. */
interface Sources {
  files?: { path: string; size?: number; offset?: number; topic?: string; state?: string }[];
  problems?: { path: string; code: string; reason: string }[];
}

export function SourcesDialog() {
  const answer = useSignal<Sources | undefined>(undefined);
  useEffect(() => {
    const stop = new AbortController();
    getJson<Sources>("/api/sources", {}, stop.signal)
      .then((got) => answer.value = got)
      .catch((error) => {
        if (!stop.signal.aborted) problem.value = problemOf(error);
      });
    return () => stop.abort();
  }, []);
  const files = answer.value?.files ?? [], problems = answer.value?.problems ?? [];
  return (
    <Dialog title={t("sourcesTitle")}>
      {answer.value !== undefined && files.length + problems.length === 0 && <p>{t("noSources")}
      </p>}
      {files.length + problems.length > 0 && (
        <table class="sources">
          <thead>
            <tr>
              <th scope="col">{t("file")}</th>
              <th scope="col">{t("topic")}</th>
              <th scope="col" class="number">{t("read")}</th>
              <th scope="col" class="number">{t("lag")}</th>
              <th scope="col">{t("state")}</th>
            </tr>
          </thead>
          <tbody>
            {files.slice(0, 2000).map((file) => (
              <tr key={`${file.path} ${file.topic}`}>
                <td>{file.path}</td>
                <td>{file.topic}</td>
                <td class="number">{file.offset === undefined ? "" : bytesText(file.offset)}</td>
                <td class="number">
                  {file.size === undefined || file.offset === undefined
                    ? ""
                    : bytesText(Math.max(0, file.size - file.offset))}
                </td>
                <td>{file.state ?? ""}</td>
              </tr>
            ))}
            {problems.slice(0, 2000).map((one) => (
              <tr key={`${one.path} ${one.code}`} class="fault">
                <td>{one.path}</td>
                <td colSpan={4}>{one.reason} ({one.code})</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Dialog>
  );
}
