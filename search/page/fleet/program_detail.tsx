/** One program: what it is, what it applied, each file with the way to its lines, what it cannot tail and why. */
import type { FileDetail, FleetDetail } from "../../../core/fleet/detail.ts";
import { allOf } from "../../query/build.ts";
import { printQuery } from "../../query/print.ts";
import { equalsTerm } from "../../query/terms.ts";
import { bytesText, countText, exactCount, timeText } from "../model/format.ts";
import { hasConfig, language } from "../state.ts";
import { Audit, AuditButton } from "./audit.tsx";
import { DeadLetterList } from "./dead_letters.tsx";
import { PartitionTable } from "./partition_table.tsx";
import { appliedText, saysOf, StateMark } from "./program_table.tsx";
import { answer, chosen, place, type Program, show } from "./state.ts";
import { ft } from "./text.ts";

export function ProgramDetail() {
  const known = chosen.value;
  const program = known?.program ??
    answer.value?.programs.find(({ id }) => id === place.value.id);
  const detail = known?.detail ?? undefined;
  return (
    <section class="detail" aria-label={ft("details", { host: program?.host ?? "" })}>
      <div class="title">
        <h2>{program?.host ?? place.value.id}</h2>
        <button type="button" onClick={() => show({ id: "", file: "" }, true)}>
          {ft("close")}
        </button>
      </div>
      {program !== undefined && <About program={program} />}
      {detail === undefined && known !== undefined && <Unknown reason={known.detailFault} />}
      {program?.program === "agent" && <Audit host={program.host} />}
      {program?.program === "transfer" && <DeadLetterList />}
      {detail !== undefined && <Work detail={detail} />}
    </section>
  );
}

function Unknown({ reason }: { reason: string }) {
  return <p>{reason === "" ? ft("noDetail") : ft("detailFault", { reason })}</p>;
}

function About({ program }: { program: Program }) {
  const labels = Object.entries(program.labels).map(([name, value]) => `${name}=${value}`);
  const rows: [string, string][] = [
    [ft("program"), `${ft(program.program)} ${program.version}`],
    [ft("address"), [program.ip, program.status].filter((text) => text !== "").join("  ")],
    [ft("applied"), appliedText(program) || ft("none")],
    [ft("groups"), program.groups.join(", ")],
    [ft("labels"), labels.join(", ")],
    [ft("started"), timeText(Date.parse(program.started), "local").slice(0, 19)],
  ];
  const says = saysOf(program);
  return (
    <>
      <p>
        <StateMark state={program.state} />
      </p>
      {hasConfig && program.program === "agent" && (
        <p class="targets">
          {[...program.groups.map((group) => `group/${group}`), `host/${program.ip}`]
            .map((target) => (
              <button
                key={target}
                type="button"
                onClick={() => show({ config: target }, true)}
              >
                {target}
              </button>
            ))}
        </p>
      )}
      {says.length > 0 && <ul class="faults">{says.map((text) => <li key={text}>{text}</li>)}</ul>}
      <dl class="about">
        {rows.filter(([, value]) => value !== "").map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Work({ detail }: { detail: FleetDetail }) {
  return (
    <>
      {detail.program === "agent" && <Files detail={detail} />}
      {detail.partitionsTotal > 0 && <PartitionTable detail={detail} />}
      {detail.problems.length > 0 && (
        <>
          <h3>{ft("problems")}</h3>
          <ul class="faults">
            {detail.problems.map(({ path, code, reason }) => (
              <li key={`${path} ${code}`}>
                <span class="path">{path}</span> {reason} <span class="code">{code}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <p class="quiet">{ft("asOf", { time: timeText(detail.atMs, "local").slice(0, 19) })}</p>
    </>
  );
}

const FILES_SHOWN = 300;

function Files({ detail }: { detail: FleetDetail }) {
  const words = place.value.file.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const fitting = detail.files.filter(({ path }) =>
    words.every((word) => path.toLowerCase().includes(word))
  );
  const count = (number: number) => exactCount(number, language.value);
  const shown = fitting.slice(0, FILES_SHOWN);
  return (
    <>
      <h3>{ft("filesTitle")}</h3>
      <input
        type="search"
        aria-label={ft("fileFilter")}
        placeholder={ft("fileFilter")}
        value={place.value.file}
        onInput={(event) => show({ file: event.currentTarget.value })}
      />
      {shown.length < detail.filesTotal && (
        <p>{ft("shownOf", { shown: count(shown.length), count: count(detail.filesTotal) })}</p>
      )}
      <div class="scroll" tabIndex={0} role="group" aria-label={ft("filesTitle")}>
        <table class="rows files">
          <thead>
            <tr>
              <th scope="col">{ft("path")}</th>
              <th scope="col">{ft("topic")}</th>
              <th scope="col" class="number">{ft("size")}</th>
              <th scope="col" class="number">{ft("read")}</th>
              <th scope="col" class="number">{ft("behind")}</th>
              <th scope="col" class="number">{ft("rate")}</th>
              <th scope="col">{ft("lastLine")}</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((file) => (
              <FileRow key={`${file.generation} ${file.topic}`} host={detail.host} file={file} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function FileRow({ host, file }: { host: string; file: FileDetail }) {
  const { path, topic, size, offset, lagBytes, rate, lastLineMs, detached, failure } = file;
  return (
    <>
      <tr>
        <th scope="row">
          <a href={linesLink(host, path)} title={ft("toLines", { path })}>{path}</a>
          {hasConfig && <AuditButton host={host} path={path} />}
          {detached && <span class="quiet">{ft("rotated")}</span>}
        </th>
        <td>{topic}</td>
        <td class="number">{bytesText(size)}</td>
        <td class="number">{bytesText(offset)}</td>
        <td class="number">{bytesText(lagBytes)}</td>
        <td class="number">{ft("perSecond", { count: countText(Math.round(rate)) })}</td>
        <td>
          {lastLineMs === 0 ? ft("never") : timeText(lastLineMs, "local").slice(0, 19)}
        </td>
      </tr>
      {failure !== "" && (
        <tr class="trouble">
          <td colSpan={7}>{failure}</td>
        </tr>
      )}
    </>
  );
}

/** The search page with this file's lines. */
function linesLink(host: string, path: string): string {
  const query = allOf([equalsTerm("host.name", host), equalsTerm("log.file.path", path)]);
  return `/?${new URLSearchParams({ q: printQuery(query) })}`;
}
