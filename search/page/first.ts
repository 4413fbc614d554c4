/** The lines that the server put into the page's HTML (search/api/first_view.ts): there before any request of ours. */
import type { Line } from "./model/line.ts";
import type { HistogramAnswer } from "./state.ts";

export interface First {
  q: string;
  since: string;
  lines: Line[];
  histogram?: HistogramAnswer;
}

/** What came with the page; undefined where nothing did, and after the first call. */
export function firstView(): First | undefined {
  const element = document.getElementById("first");
  if (element === null) return undefined;
  element.remove();
  return JSON.parse(element.textContent ?? "") as First;
}
