/** A command of `weir` on a terminal (a pty of `script`), which is asked one question and given one answer. */
import { waitFor } from "../support/wait.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** What stands on the terminal when the command has ended. */
export async function answerOnTerminal(
  args: readonly string[],
  question: RegExp,
  answer: string,
): Promise<string> {
  const command = [Deno.execPath(), "run", "-A", "-q", "--no-check", `${ROOT}cli/main.ts`, ...args];
  const words = command.map((word) => `'${word}'`).join(" ");
  const child = new Deno.Command("script", {
    args: ["-qefc", `stty cols 300; exec ${words}`, "/dev/null"],
    cwd: ROOT,
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
    env: { TERM: "xterm", NO_COLOR: "1", USER: "operator" },
  }).spawn();
  const keys = child.stdin.getWriter();
  let shown = "";
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) shown += text;
  })();
  try {
    await waitFor("the question", () => question.test(shown), {
      timeoutMs: 60_000,
      detail: () => shown,
    });
    await keys.write(new TextEncoder().encode(`${answer}\n`));
    await child.status;
    await reading;
    return shown;
  } finally {
    await keys.close().catch(() => {}); // it has ended
  }
}
