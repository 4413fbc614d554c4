/** Why a generation of the group ended for us, and which of these an error of Kafka's means. */
import { WeirError } from "../../core/errors.ts";
import { protocolType } from "./kafkajs_group.ts";

export type End = "stop" | "rebalance" | "rejoined" | "expelled" | "topics" | { error: unknown };

export function endOf(error: unknown): End {
  switch (protocolType(error)) {
    case "REBALANCE_IN_PROGRESS":
    case "NOT_COORDINATOR_FOR_GROUP":
    case "GROUP_COORDINATOR_NOT_AVAILABLE":
    case "GROUP_LOAD_IN_PROGRESS":
      return "rebalance";
    case "ILLEGAL_GENERATION":
    case "UNKNOWN_MEMBER_ID":
      return "expelled";
    case "FENCED_INSTANCE_ID":
      // Joining again at once would throw the other out, and so on without an end.
      return {
        error: new WeirError(
          "KAFKA_INSTANCE_TWICE",
          "Another process has joined the group under our consumer.instanceId",
          { hint: "Give each transfer a name of its own.", retriable: true, cause: error },
        ),
      };
  }
  return { error };
}
