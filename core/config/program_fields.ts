/** The settings that every program has: where it answers, what it says of itself, how long it may take to end. */
import { choice, duration, group, text, texts } from "./fields.ts";

/**
 * @param listen default address of the status server
 * @param shutdown default of the longest time from SIGTERM to the end
 */
export function programFields(listen: string, shutdown = "10s") {
  return {
    listen: text(listen, {
      description: "Address of /metrics, /healthz, /readyz and /api/status; port 0: a free one.",
    }),
    listenNames: texts([], 100, {
      description:
        "Host names under which others ask it besides its address, such as a container's.",
    }),
    log: group({
      level: choice(["debug", "info", "warning", "error"], "info", {
        description: "Least severity of what the program says of itself.",
      }),
      format: choice(["auto", "text", "json"], "auto", {
        description: "auto: text on a terminal, else JSON lines.",
      }),
    }, { description: "The program's own log." }),
    shutdown: duration(0, 600e3, shutdown, {
      description: "Longest time from SIGTERM to the end.",
    }),
  };
}
