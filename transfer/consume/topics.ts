/** Which of Kafka's topics are read: those listed by name and those that a pattern means. */
import { WeirError } from "../../core/errors.ts";

export interface TopicChoice {
  names: readonly string[];
  /** Each has to fit the whole name. */
  patterns: readonly RegExp[];
  /** Never read by pattern. */
  excluded: ReadonlySet<string>;
  /** Read where they exist, and not missed where they do not. @default none */
  also?: readonly string[];
  /** Asked of each topic that would be read, each time they are chosen. @default all */
  wanted?: (topic: string) => boolean;
}

/**
 * Compiles patterns from the settings. Throws CONFIG_INVALID for one that is no regular expression.
 */
export function compilePatterns(sources: readonly string[]): RegExp[] {
  return sources.map((source) => {
    try {
      return new RegExp(`^(?:${source})$`, "u");
    } catch (error) {
      throw new WeirError(
        "CONFIG_INVALID",
        `Cannot use the topic pattern "${source}": ${(error as Error).message}`,
        { hint: "Write a regular expression, such as app-.*" },
      );
    }
  });
}

/**
 * The topics to read, sorted, and the listed ones that do not exist. Internal topics (__…) only by
 * their full name, and none that is not wanted.
 */
export function chooseTopics(
  existing: readonly string[],
  choice: TopicChoice,
): { topics: string[]; missing: string[] } {
  const known = new Set(existing);
  const chosen = new Set(choice.names.filter((name) => known.has(name)));
  for (const topic of choice.also ?? []) if (known.has(topic)) chosen.add(topic);
  for (const topic of existing) {
    if (topic.startsWith("__") || choice.excluded.has(topic)) continue;
    if (choice.patterns.some((pattern) => pattern.test(topic))) chosen.add(topic);
  }
  const { wanted = () => true } = choice;
  const topics = [...chosen].filter(wanted).sort();
  return { topics, missing: choice.names.filter((name) => !known.has(name)) };
}
