/** For tests: the shape of a topic's documents where no rule says anything else. */
import type { DocumentShape } from "./document.ts";

export function plainShape(topic: string): DocumentShape {
  return { dataset: topic, namespace: "", dataStream: false, fields: true, parser: undefined };
}
