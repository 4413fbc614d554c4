/** The simulated etcd, as far as names of indices are decided in it: create-only, over the simulated network. */
import { WeirError } from "../../../core/errors.ts";
import type { Decisions } from "../../../transfer/index/fixed_names.ts";
import type { Life, Network, Server } from "./network.ts";

export class SimEtcd implements Server {
  readonly name = "etcd";
  up = true;
  starts = 0;
  readonly decided = new Map<string, string>();

  crash(): void {
    this.up = false;
    this.starts++;
  }

  /** What one process sees of it. */
  decisions(network: Network, life: Life): Decisions {
    return {
      decide: (key, value) =>
        network.call({
          from: life,
          to: this,
          timeoutMs: 4000,
          fault: (what) => new WeirError("ETCD_UNREACHABLE", `etcd: ${what}`, { retriable: true }),
          serve: () => {
            if (!this.decided.has(key)) this.decided.set(key, value);
            return this.decided.get(key)!;
          },
        }),
    };
  }
}
