/** A configuration: its value in a box, what can be done with it, what came of it, and its history. */
import { useEffect } from "preact/hooks";
import { timeText } from "../model/format.ts";
import {
  act,
  busy,
  config,
  edited,
  laidOut,
  loadConfig,
  loadMe,
  me,
  plan,
  problem,
  said,
  why,
} from "./config_state.ts";
import { PlanView } from "./plan_view.tsx";
import { answer, place, show } from "./state.ts";
import { ft } from "./text.ts";

export function ConfigPanel() {
  const target = place.value.config;
  useEffect(() => void loadMe(), []);
  useEffect(() => void loadConfig(target), [target]);
  const isOperator = me.value?.role === "operator";
  return (
    <section class="detail config" aria-label={ft("configOf", { target })}>
      <div class="title">
        <h2>{target}</h2>
        <button type="button" onClick={() => show({ config: "" }, true)}>{ft("close")}</button>
      </div>
      <Targets />
      {config.value !== undefined && (
        <>
          <p class="quiet">
            <span class="path">{config.value.key}</span>
            {", "}
            {config.value.revision === 0
              ? ft("noValue")
              : ft("atRevision", { revision: config.value.revision })}
          </p>
          <textarea
            aria-label={ft("value")}
            spellcheck={false}
            rows={14}
            readOnly={!isOperator}
            value={edited.value}
            onInput={(event) => edited.value = event.currentTarget.value}
          />
          {isOperator ? <Actions /> : me.value !== undefined && <p>{ft("operatorsOnly")}</p>}
          <Result />
          <History isOperator={isOperator} />
        </>
      )}
      {config.value === undefined && <Fault />}
    </section>
  );
}

/** Another target: the groups that agents are in, or any by its name. */
function Targets() {
  const groups = answer.value?.groups ?? [];
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        const name = String(new FormData(event.currentTarget).get("target")).trim();
        if (name !== "") show({ config: name }, true);
      }}
    >
      <input
        type="text"
        name="target"
        list="targets"
        aria-label={ft("target")}
        defaultValue={place.value.config}
      />
      <datalist id="targets">
        {[...groups.map((group) => `group/${group}`), "topics"].map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <button type="submit">{ft("open")}</button>
    </form>
  );
}

function Actions() {
  const changed = edited.value !== laidOut(config.value!.text);
  const written = async (action: "set" | "apply", canary?: string) => {
    const done = await act(action, canary === undefined ? {} : { canary });
    if (done === undefined) return;
    const lines = said.value, target = config.value!.target;
    await loadConfig(target);
    said.value = [...lines, ft("written", { revision: String(done.revision) })];
    why.value = "";
  };
  return (
    <form class="acts" onSubmit={(event) => event.preventDefault()}>
      <label>
        {ft("why")}
        <input
          type="text"
          value={why.value}
          maxLength={1000}
          onInput={(event) => why.value = event.currentTarget.value}
        />
      </label>
      <div class="buttons">
        <button
          type="button"
          disabled={busy.value}
          onClick={async () => {
            const done = await act("check");
            if (done) said.value = [ft("right", { count: String(done.entries) })];
          }}
        >
          {ft("check")}
        </button>
        <button type="button" disabled={busy.value} onClick={() => void act("plan")}>
          {ft("plan")}
        </button>
        <button
          type="button"
          class="primary"
          disabled={busy.value || !changed}
          title={ft("applyHint")}
          onClick={() => void written("apply", "1")}
        >
          {ft("apply")}
        </button>
        <button
          type="button"
          disabled={busy.value || !changed}
          title={ft("saveHint")}
          onClick={() => void written("set")}
        >
          {ft("save")}
        </button>
      </div>
    </form>
  );
}

function Fault() {
  if (problem.value === undefined) return null;
  const { message, hint, code } = problem.value;
  return (
    <div class="refusal" role="alert">
      <pre tabIndex={0} aria-label={ft("error")}>{message}</pre>
      <p>
        {hint} <span class="code">{code}</span>
      </p>
    </div>
  );
}

function Result() {
  return (
    <>
      <Fault />
      <div role="status">
        {busy.value && <p>{ft("working")}</p>}
        {said.value.map((line, i) => <p key={i}>{line}</p>)}
      </div>
      {plan.value !== undefined && <PlanView plan={plan.value} />}
    </>
  );
}

const SHOWN = 50;

function History({ isOperator }: { isOperator: boolean }) {
  const changes = [...config.value!.history].reverse().slice(0, SHOWN);
  if (changes.length === 0) return null;
  const back = async (to: number) => {
    const done = await act("rollback", { to });
    if (done === undefined) return;
    await loadConfig(config.value!.target);
    said.value = [ft("written", { revision: String(done.revision) })];
  };
  return (
    <>
      <h3>{ft("history")}</h3>
      <ol class="changes" reversed start={changes[0].n}>
        {changes.map(({ n, when, who, how, why, after }, i) => (
          <li key={n}>
            <span>
              {timeText(Date.parse(when), "local").slice(0, 19)} <strong>{who}</strong> {how}{" "}
              {why !== "" && <q>{why}</q>}
            </span>
            <span class="buttons">
              <button
                type="button"
                class="plain link"
                aria-label={ft("lookAt", { n })}
                onClick={() => edited.value = laidOut(after)}
              >
                {ft("look")}
              </button>
              {isOperator && i > 0 && (
                <button
                  type="button"
                  class="plain link"
                  disabled={busy.value}
                  aria-label={ft("backTo", { n })}
                  onClick={() => void back(n)}
                >
                  {ft("back")}
                </button>
              )}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
