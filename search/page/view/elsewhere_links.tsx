/** Links to Kibana and Grafana that carry the query and time range of the page; nothing where settings name neither. */
import { type ElsewhereLink, grafanaLink, kibanaLink } from "../model/elsewhere.ts";
import { zoneName } from "../range.ts";
import * as state from "../state.ts";

const { t, elsewhere } = state;

export function ElsewhereLinks() {
  const { q, since, until, zone } = state.view.value;
  const question = { q, since, until };
  const clock = { nowMs: Date.now(), zone: zoneName(zone) };
  return (
    <>
      <OpenIn name="Kibana" link={kibanaLink(elsewhere, question, clock)} />
      <OpenIn name="Grafana" link={grafanaLink(elsewhere, question, clock)} />
    </>
  );
}

function OpenIn({ name, link }: { name: string; link: ElsewhereLink | undefined }) {
  if (link === undefined) return null;
  const title = t(link.whole ? "openIn" : "openInPart", { name });
  return (
    <a class="button" href={link.href} target="_blank" rel="noreferrer" title={title}>
      {name}
    </a>
  );
}
