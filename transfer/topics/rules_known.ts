/** The first value of the rules, for a command that cannot do without. */
import { WeirError } from "../../core/errors.ts";
import type { TopicSettings } from "./topic_settings.ts";

/** Longest wait for the rules of topics. */
const RULES_WAIT_MS = 10_000;

/** Rejects with RULES_UNKNOWN where they cannot be read in time. */
export async function rulesKnown(rules: TopicSettings): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new WeirError("RULES_UNKNOWN", `Cannot read the rules of topics: ${rules.reason}`, {
          hint: "Mend the value, or check etcd.hosts and topics.key.",
          retriable: true,
        }),
      );
    }, RULES_WAIT_MS);
  });
  try {
    await Promise.race([rules.ready, late]);
  } finally {
    clearTimeout(timer);
  }
}
