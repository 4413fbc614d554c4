/** The formats of the demo's log lines: nginx, JSON, Java with stack traces, syslog. Pure: the same input, the same line. */

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** Minutes that local time is ahead of UTC at a time in ms. */
export type OffsetMinutes = (timeMs: number) => number;

const two = (value: number) => String(value).padStart(2, "0");

/** The local time's parts, whatever the zone of this machine. */
function local(timeMs: number, offset: OffsetMinutes) {
  const t = new Date(timeMs + offset(timeMs) * 60_000);
  return { t, iso: t.toISOString() };
}

export interface Access {
  address: string;
  method: string;
  path: string;
  status: number;
  bytes: number;
  referer: string;
  agent: string;
}

export function accessLine(timeMs: number, offset: OffsetMinutes, access: Access): string {
  const { t, iso } = local(timeMs, offset);
  const minutes = offset(timeMs), ahead = Math.abs(minutes);
  const zone = `${minutes < 0 ? "-" : "+"}${two(Math.floor(ahead / 60))}${two(ahead % 60)}`;
  const day = `${two(t.getUTCDate())}/${MONTHS[t.getUTCMonth()]}/${t.getUTCFullYear()}`;
  return `${access.address} - - [${day}:${iso.slice(11, 19)} ${zone}] ` +
    `"${access.method} ${access.path} HTTP/1.1" ${access.status} ${access.bytes} ` +
    `"${access.referer}" "${access.agent}"`;
}

export function nginxErrorLine(
  timeMs: number,
  offset: OffsetMinutes,
  connection: number,
  text: string,
): string {
  const { iso } = local(timeMs, offset);
  const stamp = `${iso.slice(0, 10).replaceAll("-", "/")} ${iso.slice(11, 19)}`;
  return `${stamp} [error] 812#812: *${connection} ${text}`;
}

export function jsonLine(
  timeMs: number,
  level: string,
  service: string,
  message: string,
  fields: Readonly<Record<string, unknown>>,
): string {
  return JSON.stringify({
    time: new Date(timeMs).toISOString(),
    level,
    service,
    msg: message,
    ...fields,
  });
}

export function javaLine(
  timeMs: number,
  offset: OffsetMinutes,
  level: string,
  name: string,
  text: string,
): string {
  const stamp = local(timeMs, offset).iso.slice(0, 23).replace("T", " ").replace(".", ",");
  return `${stamp} ${level.padEnd(5)} [orders-worker-${
    timeMs % 8
  }] com.example.orders.${name} - ${text}`;
}

/** The lines of a stack trace, below the line that logged it. */
export function stackTrace(error: string, cause: string, line: number): string[] {
  return [
    `com.example.orders.${error}`,
    `\tat com.example.orders.OrderStore.insert(OrderStore.java:${100 + line % 80})`,
    `\tat com.example.orders.OrderService.place(OrderService.java:${40 + line % 30})`,
    "\tat com.example.orders.OrderWorker.run(OrderWorker.java:58)",
    "\tat java.base/java.lang.Thread.run(Thread.java:1583)",
    `Caused by: ${cause}`,
    "\tat org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2733)",
    "\tat org.postgresql.jdbc.PgPreparedStatement.executeUpdate(PgPreparedStatement.java:155)",
    "\t... 4 more",
  ];
}

export function syslogLine(
  timeMs: number,
  offset: OffsetMinutes,
  host: string,
  program: string,
  text: string,
): string {
  const { t, iso } = local(timeMs, offset);
  const day = String(t.getUTCDate()).padStart(2);
  return `${MONTHS[t.getUTCMonth()]} ${day} ${iso.slice(11, 19)} ${host} ${program}: ${text}`;
}
