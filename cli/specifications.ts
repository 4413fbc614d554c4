/** The specifications of all settings, by the name of the program that reads them. */
import type { z } from "zod";
import { agentSettings } from "../agent/config.ts";
import { entriesSchema } from "../agent/tail/entries.ts";
import { candidateSchema } from "../core/fleet/candidate_schema.ts";
import { changeSchema } from "../core/fleet/config_store.ts";
import { answerSchema, questionSchema } from "../core/fleet/question_schema.ts";
import { registrationSchema } from "../core/fleet/registration_schema.ts";
import { monitorSettings } from "../monitor/config.ts";
import { usersSchema } from "../search/access/users.ts";
import { pageSettings } from "../search/config.ts";
import { transferSettings } from "../transfer/config.ts";
import { rulesSchema } from "../transfer/topics/rules.ts";

/** Forms of values in etcd that programs write; docs/keys.md says under which keys. */
export const KEY_FORMS: Readonly<Record<string, { title: string; schema: z.ZodType }>> = {
  registration: { title: "A program that runs (/weir/live/)", schema: registrationSchema },
  candidate: { title: "A value that is tried out (/weir/candidate/)", schema: candidateSchema },
  question: { title: "A question to hosts (/weir/question/)", schema: questionSchema },
  answer: { title: "A host's answer to a question", schema: answerSchema },
  change: { title: "A change of a configuration (/weir/history/)", schema: changeSchema },
};

export const SPECIFICATIONS: Readonly<Record<string, { title: string; schema: z.ZodType }>> = {
  agent: { title: "weir-agent", schema: agentSettings },
  transfer: { title: "weir-transfer", schema: transferSettings },
  monitor: { title: "weir-monitor", schema: monitorSettings },
  page: { title: "weir page", schema: pageSettings },
  users: { title: "The users file of the page", schema: usersSchema },
  collect: { title: "What to tail (collect_config)", schema: entriesSchema },
  topics: { title: "Rules of topics for weir-transfer", schema: rulesSchema },
};
