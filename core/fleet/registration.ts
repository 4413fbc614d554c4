/**
 * Registers this process in etcd under a lease: it is there while the process lives, gone within the lease's time after
 * it died, and back by itself after an outage of etcd of any length. It never stops the program and never holds it up:
 * whatever etcd does, only `fault` says so.
 */
import { type Etcd3, EtcdLeaseInvalidError, type Lease } from "etcd3";
import { messageOf } from "../errors.ts";
import { bounded } from "../etcd/bounded.ts";
import { etcdError } from "../etcd/client.ts";
import type { Part } from "../lifecycle.ts";
import { logOf } from "../log.ts";
import type { Clock } from "../ports/clock.ts";
import { decodeRegistration, encodeRegistration, type Registered } from "./registration_schema.ts";

export interface RegistrationOptions {
  /** Makes a client; called again where a connection takes everything and answers nothing. */
  connect: () => Etcd3;
  /** The key is `<prefix><program>/<id>`. */
  prefix: string;
  clock: Clock;
  /** Longest wait for an answer. */
  timeoutMs: number;
  /** How long the registration outlives the process; 1 s at least. */
  ttlMs: number;
  /** Between two writes of changed figures; what is applied, and health, are written at once. */
  figuresMs: number;
  /** What to write now. */
  describe: () => Registered;
}

/** Between two writes, whatever changes. */
const WRITES_APART_MS = 200;
const RETRY_MAX_MS = 5000;

export class Registration implements Part {
  readonly name = "registration";
  readonly #options: RegistrationOptions;
  readonly #log = logOf("fleet");
  readonly #end = new AbortController();
  #client: Etcd3;
  #loop: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};
  #woken = false;
  #lease: Lease | undefined;
  #keptAtMs = 0;
  #suffix = "";
  #written: { text: string; state: string; revision: string; atMs: number } | undefined;
  /** Why the registration is not current; empty where it is. */
  fault = "";
  /** Writes so far, for tests and figures. */
  writes = 0;
  /** Looks so far, each of which writes where there is something to write. */
  turns = 0;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#client = options.connect();
  }

  /** The key in use. */
  get key(): string {
    const { program, id } = this.#options.describe();
    return `${this.#options.prefix}${program}/${id}${this.#suffix}`;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** What is described has changed in a way that others wait for: written within a fraction of a second. */
  changed(): void {
    this.#woken = true;
    this.#wake();
  }

  /** Takes the registration back, where etcd answers. */
  async stop(deadlineMs: number): Promise<void> {
    this.#end.abort();
    this.#wake();
    await this.#loop;
    const lease = this.#lease;
    if (lease !== undefined && this.fault === "") {
      await this.#within(lease.revoke(), Math.min(deadlineMs, 1000)).catch((error) => {
        this.#log.debug("Registration ends with its lease", { reason: messageOf(error) });
      });
    }
    lease?.release();
    this.#client.close();
  }

  async #run(): Promise<void> {
    const { clock, ttlMs } = this.#options;
    for (let failures = 0; !this.#end.signal.aborted;) {
      let waitMs: number;
      this.#woken = false;
      try {
        await this.#keep();
        await this.#write();
        if (this.fault !== "") this.#log.info("Registered", { key: this.key });
        this.fault = "";
        failures = 0;
        this.turns++;
        waitMs = Math.min(ttlMs / 3, this.#options.figuresMs);
      } catch (error) {
        if (error instanceof EtcdLeaseInvalidError) this.#forget();
        if (failures > 0) this.#reconnect(); // to the next host, where there are several
        waitMs = Math.min(RETRY_MAX_MS, 100 * 2 ** Math.min(failures++, 6));
        const fault = messageOf(etcdError(error, "Cannot register in etcd"));
        if (fault !== this.fault) this.#log.warn("Not registered", { reason: fault });
        this.fault = fault;
      }
      await clock.sleep(WRITES_APART_MS, this.#end.signal);
      if (!this.#woken) await this.#pause(waitMs);
    }
  }

  async #pause(ms: number): Promise<void> {
    const wake = new AbortController();
    this.#wake = () => wake.abort();
    await this.#options.clock.sleep(ms, AbortSignal.any([wake.signal, this.#end.signal]));
    this.#wake = () => {};
  }

  #forget(): void {
    this.#lease?.release();
    this.#lease = undefined;
    this.#written = undefined;
  }

  /** A connection whose packets are swallowed looks open for ever; a host that refuses may do so for long. */
  #reconnect(): void {
    this.#forget();
    this.#client.close();
    this.#client = this.#options.connect();
  }

  /** Sees that there is a lease and that it lives. */
  async #keep(): Promise<void> {
    const { clock, ttlMs, timeoutMs } = this.#options;
    if (this.#lease === undefined) {
      const lease = this.#client.lease(Math.max(1, Math.ceil(ttlMs / 1000)), {
        autoKeepAlive: false,
      });
      await this.#within(lease.grant(), timeoutMs);
      this.#lease = lease;
      this.#keptAtMs = clock.monotonicMs();
      return;
    }
    if (clock.monotonicMs() - this.#keptAtMs < ttlMs / 4) return;
    await this.#within(this.#lease.keepaliveOnce(), timeoutMs);
    this.#keptAtMs = clock.monotonicMs();
    await this.#check();
  }

  /** Writes where something changed that is due. */
  async #write(): Promise<void> {
    const { clock, describe, figuresMs } = this.#options;
    const value = describe();
    const text = encodeRegistration({ ...value, id: value.id + this.#suffix });
    const state = JSON.stringify({ ...value, summary: null });
    const before = this.#written, now = clock.monotonicMs();
    if (before?.text === text) return;
    if (before !== undefined && before.state === state && now - before.atMs < figuresMs) return;
    const revision = await this.#put(text, before?.revision);
    this.writes++;
    if (revision === undefined) await this.#check();
    else this.#written = { text, state, revision, atMs: now };
  }

  /** The revision of the write; undefined where the key is not as we left it. */
  async #put(text: string, expected: string | undefined): Promise<string | undefined> {
    const { timeoutMs } = this.#options, client = this.#client;
    const put = client.put(this.key).value(text).lease(await this.#lease!.grant());
    if (expected === undefined) {
      return (await this.#within(put.exec(), timeoutMs)).header.revision;
    }
    const answer = await this.#within(
      client.if(this.key, "Mod", "==", expected as never).then(put).commit(),
      timeoutMs,
    );
    return answer.succeeded ? answer.header.revision : undefined;
  }

  /** Looks whether the key is as we left it: it may have been deleted, restored, or taken by a clone of this host. */
  async #check(): Promise<void> {
    if (this.#written === undefined) return;
    const { timeoutMs, describe } = this.#options;
    const answer = await this.#within(this.#client.get(this.key).exec(), timeoutMs);
    const kv = answer.kvs[0];
    if (kv?.mod_revision === this.#written.revision) return;
    const other = kv === undefined ? undefined : decodeRegistration(kv.value.toString());
    const own = describe();
    this.#written = undefined;
    this.changed();
    if (other === undefined || other.instance === own.instance) return;
    this.#suffix = `~${own.instance}`;
    this.#log.error("Another process has this program's id: is this host a copy of another?", {
      id: own.id,
      host: other.host,
      ip: other.ip,
      hint: "Empty the state folder of the copy: it gets an id and generations of its own.",
    });
  }

  #within<T>(work: Promise<T>, ms: number): Promise<T> {
    return bounded(work, this.#options.clock, ms, "Cannot register");
  }
}
