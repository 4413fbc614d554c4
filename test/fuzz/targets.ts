/** All targets of the fuzzer. */
import type { Target } from "./target.ts";
import { bulk } from "./targets/bulk.ts";
import { host } from "./targets/host.ts";
import { http } from "./targets/http.ts";
import { lines } from "./targets/lines.ts";
import { queries } from "./targets/queries.ts";
import { records } from "./targets/records.ts";
import { files, values } from "./targets/settings.ts";
import { times } from "./targets/times.ts";

export const TARGETS: readonly Target[] = [
  lines,
  times,
  records,
  queries,
  bulk,
  files,
  values,
  host,
  http,
];
