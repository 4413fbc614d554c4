/** The registration of a program, made from its settings; undefined where there is no etcd or none is wanted. */
import { etcdInTurn, localAddress } from "../etcd/client.ts";
import type { EtcdSettings } from "../etcd/settings.ts";
import type { Part } from "../lifecycle.ts";
import { VERSION } from "../metrics/registry.ts";
import { systemClock } from "../ports/clock.ts";
import { randomId } from "./identity.ts";
import { Registration } from "./registration.ts";
import type { ProgramName, ProgramState } from "./registration_schema.ts";
import type { FleetSettings } from "./settings.ts";

export interface ProgramRegistrationOptions {
  program: ProgramName;
  etcd: EtcdSettings;
  fleet: FleetSettings;
  /** Name of the host. */
  host: string;
  /** Asked once, at the start. @default host and a random part, new at each start */
  id?: () => Promise<string>;
  /** Where the status server listens; asked at each write. */
  status: () => string;
  groups?: readonly string[];
  /** @default the address with which it reaches etcd */
  ip?: string;
  /** Asked at each write. */
  state: () => ProgramState;
}

export interface ProgramRegistration extends Part {
  /** What others wait for has changed: written at once. */
  changed(): void;
  /** Why it is not registered; empty where it is. */
  readonly fault: string;
}

/** Throws SECRET_UNREADABLE. Nothing is connected before it starts. */
export function programRegistration(
  options: ProgramRegistrationOptions,
): ProgramRegistration | undefined {
  const { etcd, fleet, host } = options;
  if (etcd.hosts.length === 0 || !fleet.register) return undefined;
  const instance = randomId();
  const started = new Date(systemClock.wallMs()).toISOString();
  let id = `${host}-${instance}`, ip = options.ip ?? "";
  const registration = new Registration({
    connect: etcdInTurn(etcd),
    prefix: fleet.prefix,
    clock: systemClock,
    timeoutMs: etcd.timeout,
    ttlMs: fleet.ttl,
    figuresMs: fleet.figures,
    describe: () => ({
      v: 1,
      program: options.program,
      id,
      instance,
      host,
      version: VERSION,
      started,
      labels: fleet.labels,
      groups: [...options.groups ?? []],
      ip,
      status: options.status(),
      ...options.state(),
    }),
  });
  return {
    name: "registration",
    get fault() {
      return registration.fault;
    },
    changed: () => registration.changed(),
    async start() {
      if (options.id !== undefined) id = await options.id();
      if (ip === "") {
        void ownAddress(etcd).then((address) => {
          ip = address;
          registration.changed();
        });
      }
      registration.start();
    },
    stop: (deadlineMs) => registration.stop(deadlineMs),
  };
}

/** The address with which this host reaches the first etcd that answers; empty where none does. */
async function ownAddress(etcd: EtcdSettings): Promise<string> {
  for (const host of etcd.hosts) {
    try {
      return await localAddress(host, etcd.timeout);
    } catch {
      continue; // the registration's own fault says so
    }
  }
  return "";
}
