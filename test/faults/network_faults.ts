/**
 * Faults of the network between a program and a server, made by a proxy that each of them goes through; for packets
 * the proxy leads over a link on which they are really lost.
 */
import type { LinkTrouble } from "../support/lossy_link.ts";
import type { TcpProxy } from "../support/tcp_proxy.ts";
import type { FaultChain } from "./chain.ts";
import type { Fault, Heal } from "./fault.ts";

interface Way {
  name: string;
  hits: string;
  cases: readonly number[];
  of(chain: FaultChain): readonly TcpProxy[];
}

const WAYS: readonly Way[] = [
  {
    name: "agent to Kafka",
    hits: "way agent kafka",
    cases: [22, 23, 28],
    of: ({ servers }) => servers.toKafka.agent,
  },
  {
    name: "transfer to Kafka",
    hits: "way transfer kafka",
    cases: [28, 34],
    of: ({ servers }) => servers.toKafka.transfer,
  },
  {
    name: "transfer to Elasticsearch",
    hits: "way elasticsearch",
    cases: [32, 33],
    of: ({ servers }) => [servers.toElasticsearch],
  },
  { name: "etcd", hits: "way etcd", cases: [39, 40], of: ({ servers }) => servers.toEtcd },
];

const LATENCY_MS = 500, TRICKLE_BYTES = 20_000;

function always<T>(proxies: readonly TcpProxy[], set: (proxy: TcpProxy) => T): () => void {
  for (const proxy of proxies) set(proxy);
  return () => {
    for (const proxy of proxies) {
      Object.assign(proxy, { silent: false, deafToAnswers: false, bytesPerSecond: 0, delayMs: 0 });
    }
  };
}

/** What can be wrong with a way. What was swallowed is not sent again by TCP here: such connections end when healed. */
const TROUBLES: readonly { name: string; begin(proxies: readonly TcpProxy[]): Fault["begin"] }[] = [
  {
    name: "cut",
    begin: (proxies) => async () => {
      await Promise.all(proxies.map((proxy) => proxy.down()));
      return async () => {
        await Promise.all(proxies.map((proxy) => proxy.up()));
      };
    },
  },
  {
    name: "reset again and again",
    begin: (proxies) => () => {
      const timer = setInterval(() => proxies.forEach((proxy) => proxy.cut()), 200);
      return () => clearInterval(timer);
    },
  },
  {
    name: `${LATENCY_MS} ms later`,
    begin: (proxies) => () => always(proxies, (proxy) => proxy.delayMs = LATENCY_MS),
  },
  {
    name: `${TRICKLE_BYTES / 1000} kB/s`,
    begin: (proxies) => () => always(proxies, (proxy) => proxy.bytesPerSecond = TRICKLE_BYTES),
  },
  {
    name: "silent",
    begin: (proxies) => () => {
      const heal = always(proxies, (proxy) => proxy.silent = true);
      return () => {
        heal();
        for (const proxy of proxies) proxy.cut();
      };
    },
  },
  {
    name: "answers lost",
    begin: (proxies) => () => {
      const heal = always(proxies, (proxy) => proxy.deafToAnswers = true);
      return () => {
        heal();
        for (const proxy of proxies) proxy.cut();
      };
    },
  },
  {
    name: "half-open",
    // Nobody ever says that what is open now leads nowhere; new connections work.
    begin: (proxies) => () => {
      for (const proxy of proxies) proxy.swallow();
      return () => {};
    },
  },
];

/** Nobody notices a half-open connection before the time-out of a call, and calls behind it wait as long. */
const HALF_OPEN_MORE_MS = 10_000;

export const NETWORK_FAULTS: readonly Fault[] = WAYS.flatMap((way) =>
  TROUBLES.map((trouble): Fault => ({
    name: `way ${way.name}: ${trouble.name}`,
    hits: way.hits,
    cases: way.cases,
    moreMs: trouble.name === "half-open" ? HALF_OPEN_MORE_MS : 0,
    begin: (chain, random) => trouble.begin(way.of(chain))(chain, random),
  }))
);

/** What packets can meet, with a chance each, in either direction. */
const PACKETS: readonly { name: string; trouble: LinkTrouble }[] = [
  { name: "10 % of packets lost", trouble: { lost: 0.1 } },
  { name: "packets late, out of order and twice", trouble: { late: 0.2, twice: 0.1 } },
];

/** Connections begin anew on the link; healed, those on it go on, and new ones go the old way. */
async function packetsMeet(
  chain: FaultChain,
  proxies: readonly TcpProxy[],
  trouble: LinkTrouble,
): Promise<Heal> {
  const link = await chain.link(), targets = proxies.map(({ target }) => target);
  await link.trouble(trouble);
  const before = link.counts();
  proxies.forEach((proxy, at) => {
    proxy.target = link.entranceOf(targets[at]);
    proxy.cut();
  });
  return async () => {
    await link.trouble({});
    const { again, early, repeated } = link.counts(), here = again - before.again;
    const more = `${early - before.early} early, ${repeated - before.repeated} repeated`;
    console.log(`the link: ${here} segments sent again, ${more}`);
    proxies.forEach((proxy, at) => proxy.target = targets[at]);
  };
}

/** There is one link: two of them cannot be there at once. */
export const PACKET_FAULTS: readonly Fault[] = WAYS.flatMap((way) =>
  PACKETS.map(({ name, trouble }): Fault => ({
    name: `way ${way.name}: ${name}`,
    hits: way.hits,
    also: ["link"],
    cases: [28],
    begin: (chain) => packetsMeet(chain, way.of(chain), trouble),
  }))
);
