/** InfluxDB for `weir doctor`: health, clock, and the token by what it may see. It writes no point. */
import { readSecret } from "../../core/secrets.ts";
import type { MonitorSettings } from "../../monitor/config.ts";
import { type Check, cross, type Finding, ok, warning } from "./check.ts";
import { skewFinding } from "./skew.ts";

type Influx = MonitorSettings["influx"];
const LINK = "influxdb";

export function influxChecks(influx: Influx, timeoutMs: number): Check[] {
  const reach = "Check that InfluxDB runs and influx.url is right.";
  return [
    { link: LINK, name: influx.url, remedy: reach, run: () => health(influx, timeoutMs) },
    { link: LINK, name: "the token", remedy: reach, run: () => access(influx, timeoutMs) },
  ];
}

async function health(influx: Influx, timeoutMs: number): Promise<Finding[]> {
  const before = Date.now();
  const answer = await ask(influx, influx.api === "v2" ? "/health" : "/ping", timeoutMs, {});
  await answer.body?.cancel();
  const version = answer.headers.get("x-influxdb-version") ?? "of unknown version";
  const what = `${influx.url}: ${version}, status ${answer.status}`;
  const found = [
    answer.ok
      ? ok(LINK, what)
      : cross(LINK, what, "See its own log: it answers, but is not healthy."),
  ];
  const skew = skewFinding(LINK, answer.headers.get("date"), before, Date.now());
  return skew === undefined ? found : [...found, skew];
}

async function access(influx: Influx, timeoutMs: number): Promise<Finding[]> {
  const secret = influx.tokenFile === "" ? "" : readSecret(influx.tokenFile);
  return influx.api === "v2"
    ? await bucketFindings(influx, secret, timeoutMs)
    : await databaseFindings(influx, secret, timeoutMs);
}

async function bucketFindings(influx: Influx, token: string, timeoutMs: number) {
  const query = new URLSearchParams({ name: influx.bucket, org: influx.org });
  const headers: Record<string, string> = token === "" ? {} : { authorization: `Token ${token}` };
  const answer = await ask(influx, `/api/v2/buckets?${query}`, timeoutMs, headers);
  const refused = await refusal(answer);
  if (refused !== undefined) return [refused];
  const { buckets = [] } = await answer.json() as { buckets?: unknown[] };
  if (buckets.length > 0) return [ok(LINK, `the token sees bucket ${influx.bucket}`)];
  // A token that may only write does not see its bucket.
  const remedy = "Check influx.bucket; a token that may only write does not see its bucket.";
  return [warning(LINK, `the token does not see bucket ${influx.bucket}`, remedy)];
}

async function databaseFindings(influx: Influx, password: string, timeoutMs: number) {
  const pair = btoa(`${influx.username}:${password}`);
  const headers: Record<string, string> = influx.username === ""
    ? {}
    : { authorization: `Basic ${pair}` };
  const query = new URLSearchParams({ q: "SHOW DATABASES" });
  const answer = await ask(influx, `/query?${query}`, timeoutMs, headers);
  const refused = await refusal(answer);
  if (refused !== undefined) return [refused];
  const text = await answer.text();
  return [
    text.includes(JSON.stringify(influx.database))
      ? ok(LINK, `database ${influx.database} is there`)
      : warning(
        LINK,
        `database ${influx.database} is not seen`,
        "CREATE DATABASE, or check its name.",
      ),
  ];
}

async function refusal(answer: Response): Promise<Finding | undefined> {
  if (answer.ok) return undefined;
  await answer.body?.cancel();
  const remedy = answer.status === 401 || answer.status === 403
    ? "Write a token with access to the bucket into influx.tokenFile."
    : "Check influx.org, influx.bucket and influx.database.";
  return cross(LINK, `the token: status ${answer.status}`, remedy);
}

async function ask(
  influx: Influx,
  path: string,
  timeoutMs: number,
  headers: Record<string, string>,
): Promise<Response> {
  const url = `${influx.url.replace(/\/$/, "")}${path}`;
  const signal = AbortSignal.timeout(timeoutMs);
  return await fetch(url, { headers, redirect: "manual", signal });
}
