/**
 * The part of weir-agent that answers `weir config plan`: one question at a time, within its time, into a topic of its
 * own. It changes nothing, and a question that cannot be answered holds nothing up; whoever asks sees that none came.
 */
import type { Kafka } from "kafkajs";
import { messageOf, WeirError } from "../../core/errors.ts";
import {
  type Answer,
  decodeQuestion,
  encodeAnswer,
  type Question,
} from "../../core/fleet/question_schema.ts";
import { SideTopic } from "../../core/kafka/side_topic.ts";
import type { Part } from "../../core/lifecycle.ts";
import { logOf } from "../../core/log.ts";
import { systemClock } from "../../core/ports/clock.ts";
import type { Plan } from "../../core/fleet/plan_schema.ts";

/** Answers are read at once; Kafka forgets them then. */
const RETENTION_MS = 3_600_000;
/** Questions that wait at most; what comes beyond is not answered. */
const WAITING_MAX = 8;
const ANSWERED_MAX = 1000;

/** What the agent finds out for a question. */
export interface Planned {
  plan: Plan;
  /** Path and topic of what is tailed now, in the form of `laneName`. */
  now: ReadonlySet<string>;
}

export interface AnswerPartOptions {
  kafka: Kafka;
  topic: string;
  agent: string;
  host: string;
  plan: (target: string, question: Question, signal: AbortSignal) => Promise<Planned>;
}

/** As `Planned.now` names what is tailed. */
export function laneName(path: string, topic: string): string {
  return `${path} → ${topic}`;
}

export class AnswerPart implements Part {
  readonly name = "answers";
  readonly #options: AnswerPartOptions;
  readonly #log = logOf("agent.plan");
  readonly #side: SideTopic;
  readonly #end = new AbortController();
  readonly #answered = new Set<string>();
  #waiting = 0;
  #running: Promise<void> = Promise.resolve();

  constructor(options: AnswerPartOptions) {
    this.#options = options;
    const { kafka, topic } = options;
    this.#side = new SideTopic(kafka, {
      topic,
      retentionMs: RETENTION_MS,
      config: { "segment.ms": String(RETENTION_MS / 4) },
    });
  }

  start(): void {}

  /** What etcd told; anything that is no question for this agent is left alone. */
  hear(target: string, text: string): void {
    const question = decodeQuestion(text);
    if (question === undefined || this.#end.signal.aborted) return;
    const { id, agents } = question;
    if (this.#answered.has(id) || (agents.length > 0 && !agents.includes(this.#options.agent))) {
      return;
    }
    if (this.#waiting >= WAITING_MAX) {
      this.#log.warn("Too many questions at once: one is not answered", { target, id });
      return;
    }
    if (this.#answered.size >= ANSWERED_MAX) this.#answered.clear();
    this.#answered.add(id); // a watch may tell it again
    this.#waiting++;
    this.#running = this.#running.then(() => this.#answer(target, question)).finally(() => {
      this.#waiting--;
    });
  }

  async #answer(target: string, question: Question): Promise<void> {
    const { agent, host, plan } = this.#options;
    const since = systemClock.monotonicMs();
    const late = AbortSignal.timeout(question.seconds * 1000);
    const answer: Answer = {
      ...{ v: 1, question: question.id, agent, host, tookMs: 0, fault: "" },
      ...{ begins: 0, ends: 0, ended: [] },
    };
    try {
      const found = await plan(target, question, AbortSignal.any([this.#end.signal, late]));
      Object.assign(answer, { plan: found.plan }, changes(found));
    } catch (error) {
      const code = error instanceof WeirError ? error.code : "UNEXPECTED";
      answer.fault = `${code}: ${messageOf(error)}`.slice(0, 2000);
    }
    answer.tookMs = Math.round(systemClock.monotonicMs() - since);
    try {
      if (this.#end.signal.aborted || late.aborted) return; // nobody waits any more
      const value = encodeAnswer(answer);
      await this.#side.write([{ key: `${question.id}/${agent}`, value }]);
      this.#log.info("Answered what a configuration would do here", {
        target,
        who: question.who,
        ms: answer.tookMs,
      });
    } catch (error) {
      this.#log.warn("Cannot answer a question", { target, reason: messageOf(error) });
    }
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#end.abort();
    const late = new AbortController();
    await Promise.race([this.#running, systemClock.sleep(deadlineMs * 0.5, late.signal)]);
    late.abort();
    await this.#side.close();
  }
}

function changes({ plan, now }: Planned): Pick<Answer, "begins" | "ends" | "ended"> {
  const then = new Set<string>();
  for (const { path, lanes } of plan.files) {
    for (const { topic } of lanes) then.add(laneName(path, topic));
  }
  const begins = [...then].filter((name) => !now.has(name)).length;
  if (plan.filesLeftOut > 0) return { begins, ends: 0, ended: [] }; // what was left out is not known by name
  const ended = [...now].filter((name) => !then.has(name)).sort();
  return { begins, ends: ended.length, ended: ended.slice(0, 100) };
}
