/** The specifications of all settings, by the name of the program that reads them. */
import type { z } from "zod";
import { agentSettings } from "../agent/config.ts";
import { entriesSchema } from "../agent/tail/entries.ts";
import { monitorSettings } from "../monitor/config.ts";
import { pageSettings } from "../search/config.ts";
import { transferSettings } from "../transfer/config.ts";
import { rulesSchema } from "../transfer/topics/rules.ts";

export const SPECIFICATIONS: Readonly<Record<string, { title: string; schema: z.ZodType }>> = {
  agent: { title: "weir-agent", schema: agentSettings },
  transfer: { title: "weir-transfer", schema: transferSettings },
  monitor: { title: "weir-monitor", schema: monitorSettings },
  page: { title: "weir page", schema: pageSettings },
  collect: { title: "What to tail (collect_config)", schema: entriesSchema },
  topics: { title: "Rules of topics for weir-transfer", schema: rulesSchema },
};
