/** What hosts say that a value would do there: files, first lines, what meets, what cannot be read. */
import type { Answer } from "../../../core/fleet/question_schema.ts";
import type { PlanAnswer } from "../../fleet/fleet_config.ts";
import { bytesText } from "../model/format.ts";
import { ft } from "./text.ts";

const HOSTS_OPEN = 3, FILES_SHOWN = 20;

export function PlanView({ plan: { answers, silent } }: { plan: PlanAnswer }) {
  if (answers.length + silent.length === 0) return <p>{ft("planNobody")}</p>;
  return (
    <>
      <h3>{ft("planTitle")}</h3>
      {answers.map((one, i) => <HostPlan key={one.agent} answer={one} open={i < HOSTS_OPEN} />)}
      {silent.map((host) => <p key={host} class="faults">{ft("planSilent", { host })}</p>)}
    </>
  );
}

function HostPlan({ answer, open }: { answer: Answer; open: boolean }) {
  const { host, fault, plan, begins, ends, ended } = answer;
  if (plan === undefined) return <p class="faults">{host}: {fault}</p>;
  const bad = plan.problems.filter(({ passes }) => !passes);
  return (
    <details open={open}>
      <summary>
        <strong>{host}</strong> {ft("planSums", {
          files: plan.files.length + plan.filesLeftOut,
          begins,
          ends,
          problems: bad.length,
        })}
      </summary>
      {ended.slice(0, FILES_SHOWN).map((name) => (
        <p key={name}>
          {ft("planEnds")} <span class="path">{name}</span>
        </p>
      ))}
      <ul class="planned">
        {plan.files.slice(0, FILES_SHOWN).map(({ path, size, lanes }) => (
          <li key={path}>
            <span class="path">{path}</span> {bytesText(size)}
            {lanes.map(({ topic, from, lines }) => (
              <div key={topic}>
                → {topic} {ft("planFrom", { offset: from })}
                {lines.length > 0 && (
                  <pre tabIndex={0} aria-label={ft("planLines", { path })}>{
                    lines.map(({ text }) => text).join("\n")
                  }</pre>
                )}
              </div>
            ))}
          </li>
        ))}
      </ul>
      <ul class="faults">
        {plan.collisions.map(({ path, says }) => (
          <li key={`${path} ${says}`}>
            <span class="path">{path}</span> {says}
          </li>
        ))}
        {bad.map(({ path, code, reason }) => (
          <li key={`${path} ${code}`}>
            <span class="path">{path}</span> {reason} <span class="code">{code}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}
