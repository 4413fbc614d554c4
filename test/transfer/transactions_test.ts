/** Lines that others send by transactions: what was committed is indexed, what was aborted is not, however they overlap. */
import assert from "node:assert/strict";
import { Kafka, logLevel, type Message } from "kafkajs";
import { kafkaBroker } from "./servers.ts";
import { Site, until } from "./site.ts";

const COUNT = 20;

const numbered = (name: string): Message[] =>
  Array.from({ length: COUNT }, (_, i) => ({ value: `${name} ${i}` }));

Deno.test({
  name: "transfer: of transactions that overlap, those that were aborted are passed over",
  sanitizeOps: false, // the clients keep sockets and timers for a while
  sanitizeResources: false,
  async fn() {
    const site = await Site.open();
    const kafka = new Kafka({ brokers: [await kafkaBroker()], logLevel: logLevel.NOTHING });
    const producers = ["a", "b", "c"].map((name) =>
      kafka.producer({
        transactionalId: `${site.prefix}-${name}`,
        maxInFlightRequests: 1,
        idempotent: true,
      })
    );
    try {
      const topic = await site.topic("transactions");
      for (const producer of producers) await producer.connect();
      const [a, b, c] = await Promise.all(producers.map((producer) => producer.transaction()));
      const send = (one: typeof a, name: string) => one.send({ topic, messages: numbered(name) });
      // The one that ends first began last: a broker lists them by their ends.
      await send(a, "aborted 1");
      await send(c, "committed 1");
      await send(a, "aborted 2");
      await send(b, "aborted 3");
      await b.abort();
      await send(a, "aborted 4");
      await a.abort();
      await send(c, "committed 2");
      await c.commit();
      const again = await producers[0].transaction();
      await send(again, "committed 3");
      await again.commit();
      await site.transfer();
      await until("all is committed", async () => {
        const [{ high }] = await site.admin.fetchTopicOffsets(topic);
        return (await site.committed(topic))[0] >= Number(high) - 1;
      });
      const texts = (await site.documents()).map(({ _source }) => _source.message);
      const wanted = [1, 2, 3].flatMap((n) => numbered(`committed ${n}`).map(({ value }) => value));
      assert.deepEqual(texts.sort(), wanted.sort());
    } finally {
      for (const producer of producers) await producer.disconnect();
      await site.close();
    }
  },
});
