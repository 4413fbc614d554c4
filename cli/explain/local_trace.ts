/** What the agent of this process knows of a file: `weir up` has no ledger. */
import type { Agent } from "../../agent/agent.ts";
import type { FileLife, Trace } from "../../search/explain/trace.ts";

/** Files that are tailed now; of others the document says what is known. */
export function localTrace(agent: Agent): Trace {
  return {
    file({ generation, topic }): Promise<FileLife | undefined> {
      const now = agent.shipped().find((one) =>
        one.generation === generation && one.topic === topic
      );
      if (now === undefined) return Promise.resolve(undefined);
      const { path, device, inode, offset: to, size } = now;
      const { host, guarantee } = agent.status();
      return Promise.resolve({
        ...{ host, path, device, inode, from: 0, to, size, guarantee },
        ...{ closed: false, unread: 0, atMs: Date.now(), source: "agent" },
      });
    },
  };
}
