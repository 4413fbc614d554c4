/** Dead letters as the page shows them: `weir dead-letters list` and `replay`. One replay at a time. */
import { WeirError } from "../../core/errors.ts";
import { createKafka } from "../../core/kafka/client.ts";
import type { PageSettings } from "../../search/config.ts";
import type { DeadFilter, DeadLetter, DeadLetters } from "../../search/fleet/dead_letters.ts";
import { readLetters, type StoredLetter } from "../../transfer/dead_letter_reader.ts";
import { replayLetters } from "../../transfer/dead_letter_replay.ts";

const TEXT_CHARS_MAX = 500;

/** Undefined where there is no Kafka: the letters are there. */
export function deadLettersOf({ kafka: settings }: PageSettings): DeadLetters | undefined {
  if (settings.brokers.length === 0) return undefined;
  const kafka = createKafka(settings, "page.dead"), topic = settings.deadTopic;
  let running = false;
  return {
    async list(filter, limit) {
      const letters: DeadLetter[] = [];
      for await (const letter of readLetters(kafka, topic, filterOf(filter))) {
        if (letters.length === limit) return { letters, more: true };
        letters.push(shown(letter));
      }
      return { letters, more: false };
    },
    async replay(filter) {
      if (running) {
        throw new WeirError("SEARCH_BUSY", "Dead letters are being sent again already", {
          hint: "Look again when that has ended.",
          retriable: true,
        });
      }
      running = true;
      try {
        return await replayLetters(kafka, topic, filterOf(filter));
      } finally {
        running = false;
      }
    },
  };
}

function filterOf({ topic, code }: DeadFilter) {
  return { ...(topic !== "" && { topic }), ...(code !== "" && { code }) };
}

function shown(letter: StoredLetter): DeadLetter {
  const { code, reason, topic, partition, offset, timestampMs, deadMs, batch, value } = letter;
  const text = new TextDecoder().decode(value.subarray(0, 4 * TEXT_CHARS_MAX));
  return {
    code,
    reason: reason.slice(0, TEXT_CHARS_MAX),
    topic,
    partition,
    offset,
    time: new Date(timestampMs).toISOString(),
    dead: new Date(deadMs).toISOString(),
    text: batch ? "" : text.slice(0, TEXT_CHARS_MAX),
  };
}
