/**
 * The simulated coordinator of a consumer group: members join, sync, are heard of and expire; a rebalance waits for
 * everybody, for as long as the group allows; a commit is taken from a member of the present generation alone. What is
 * committed survives every fault, as in Kafka's own topic.
 */
import { protocolError } from "./sim_broker.ts";
import { sleep } from "./virtual_time.ts";

const ILLEGAL_GENERATION = 22, UNKNOWN_MEMBER = 25, REBALANCE = 27;

interface Member {
  id: string;
  sessionMs: number;
  rebalanceMs: number;
  metadata: Uint8Array;
  heardMs: number;
  joining: PromiseWithResolvers<Joined> | undefined;
  syncing: PromiseWithResolvers<Uint8Array> | undefined;
  assignment: Uint8Array;
}

export interface Joined {
  generationId: number;
  leaderId: string;
  memberId: string;
  members: { memberId: string; memberMetadata: Uint8Array }[];
  groupProtocol: string;
}

export class SimGroup {
  /** By "topic partition". */
  readonly committed = new Map<string, number>();
  /** Hears of each commit before it is made. */
  onCommit: (topic: string, partition: number, offset: number) => void = () => {};
  generation = 0;
  state: "empty" | "preparing" | "completing" | "stable" = "empty";
  /** Grows with each rebalance. */
  #round = 0;
  #members = new Map<string, Member>();
  #leader = "";
  #named = 0;

  get members(): number {
    return this.#members.size;
  }

  join(asked: {
    memberId: string;
    sessionTimeout: number;
    rebalanceTimeout: number;
    groupProtocols: { metadata: Uint8Array }[];
  }): Promise<Joined> {
    this.#expire();
    if (asked.memberId !== "" && !this.#members.has(asked.memberId)) {
      throw protocolError(UNKNOWN_MEMBER);
    }
    const id = asked.memberId === "" ? `member ${++this.#named}` : asked.memberId;
    const member: Member = {
      id,
      sessionMs: asked.sessionTimeout,
      rebalanceMs: asked.rebalanceTimeout,
      metadata: asked.groupProtocols[0].metadata,
      heardMs: Date.now(),
      joining: Promise.withResolvers(),
      syncing: undefined,
      assignment: new Uint8Array(0),
    };
    this.#members.set(id, member);
    if (this.state !== "preparing") this.#prepare();
    this.#completeWhenAll();
    return member.joining!.promise;
  }

  sync(asked: {
    memberId: string;
    generationId: number;
    groupAssignment: { memberId: string; memberAssignment: Uint8Array }[];
  }): Promise<Uint8Array> {
    const member = this.#current(asked.memberId, asked.generationId);
    if (this.state === "preparing") throw protocolError(REBALANCE);
    if (asked.memberId === this.#leader && this.state === "completing") {
      for (const { memberId, memberAssignment } of asked.groupAssignment) {
        const one = this.#members.get(memberId);
        if (one !== undefined) one.assignment = memberAssignment;
      }
      this.state = "stable";
      for (const one of this.#members.values()) {
        one.syncing?.resolve(one.assignment);
        one.syncing = undefined;
      }
    }
    if (this.state === "stable") return Promise.resolve(member.assignment);
    member.syncing = Promise.withResolvers();
    return member.syncing.promise;
  }

  heartbeat(memberId: string, generation: number): void {
    this.#expire();
    this.#current(memberId, generation);
    if (this.state === "preparing") throw protocolError(REBALANCE);
  }

  leave(memberId: string): void {
    if (!this.#members.delete(memberId)) throw protocolError(UNKNOWN_MEMBER);
    if (this.state !== "preparing") this.#prepare();
    this.#completeWhenAll();
  }

  commit(
    memberId: string,
    generation: number,
    offsets: { topic: string; partition: number; offset: string }[],
  ): void {
    this.#expire();
    this.#current(memberId, generation);
    if (this.state === "completing") throw protocolError(REBALANCE);
    for (const { topic, partition, offset } of offsets) {
      this.onCommit(topic, partition, Number(offset));
      this.committed.set(`${topic} ${partition}`, Number(offset));
    }
  }

  #current(memberId: string, generation: number): Member {
    const member = this.#members.get(memberId);
    if (member === undefined) throw protocolError(UNKNOWN_MEMBER);
    if (generation !== this.generation) throw protocolError(ILLEGAL_GENERATION);
    member.heardMs = Date.now();
    return member;
  }

  /** Members that were silent for longer than their session. */
  #expire(): void {
    let gone = false;
    for (const member of [...this.#members.values()]) {
      const waits = member.joining !== undefined || member.syncing !== undefined;
      if (waits || Date.now() - member.heardMs <= member.sessionMs) continue;
      this.#members.delete(member.id);
      gone = true;
    }
    if (!gone) return;
    if (this.state !== "preparing") this.#prepare();
    this.#completeWhenAll();
  }

  #prepare(): void {
    this.state = "preparing";
    const round = ++this.#round;
    for (const member of this.#members.values()) {
      member.syncing?.reject(protocolError(REBALANCE));
      member.syncing = undefined;
    }
    const limits = [...this.#members.values()].map(({ rebalanceMs }) => rebalanceMs);
    void sleep(Math.max(1000, ...limits)).then(() => {
      if (this.#round === round && this.state === "preparing") this.#complete();
    });
  }

  #completeWhenAll(): void {
    for (const { joining } of this.#members.values()) if (joining === undefined) return;
    // Others that start at the same time join the same round.
    const round = this.#round;
    void sleep(300).then(() => {
      if (this.#round !== round || this.state !== "preparing") return;
      for (const { joining } of this.#members.values()) if (joining === undefined) return;
      this.#complete();
    });
  }

  #complete(): void {
    for (const member of [...this.#members.values()]) {
      if (member.joining === undefined) this.#members.delete(member.id);
    }
    this.generation++;
    const all = [...this.#members.values()];
    this.state = all.length === 0 ? "empty" : "completing";
    this.#leader = all[0]?.id ?? "";
    const members = all.map(({ id, metadata }) => ({ memberId: id, memberMetadata: metadata }));
    for (const member of all) {
      member.heardMs = Date.now();
      member.joining!.resolve({
        generationId: this.generation,
        leaderId: this.#leader,
        memberId: member.id,
        members: member.id === this.#leader ? members : [],
        groupProtocol: "RoundRobinAssigner",
      });
      member.joining = undefined;
    }
  }
}
