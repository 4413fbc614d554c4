/** What the stores that are asked by HTTP have in common: a bounded request, and failures with their reason. */
import { messageOf, WeirError } from "../errors.ts";

/** Longest wait for an answer, body included. */
const TIMEOUT_MS = 60_000;

/** The answer with its body. Rejects with `code` (retriable) where none came. */
export async function ask(
  code: string,
  what: string,
  send: (signal: AbortSignal) => Promise<Response>,
): Promise<{ status: number; headers: Headers; body: Uint8Array<ArrayBuffer> }> {
  try {
    const response = await send(AbortSignal.timeout(TIMEOUT_MS));
    const body = new Uint8Array(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, body };
  } catch (error) {
    if (error instanceof WeirError) throw error;
    throw new WeirError(code, `Cannot ${what}: ${messageOf(error)}`, {
      hint: "Check that the store runs, and its address.",
      retriable: true,
      cause: error,
    });
  }
}

/** The failure that an answer means. */
export function refused(code: string, what: string, status: number, body: Uint8Array): WeirError {
  const text = new TextDecoder().decode(body.subarray(0, 2000));
  const reason = /<Code>([^<]+)<\/Code>/.exec(text)?.[1] ??
    /"message"\s*:\s*"([^"]{1,300})/.exec(text)?.[1] ?? text.slice(0, 200);
  const rights = status === 401 || status === 403;
  return new WeirError(code, `Cannot ${what}: answer ${status} ${reason}`.trim(), {
    hint: rights
      ? "Check the keys or the user, and that they may read, write, list and delete there."
      : "Look at the store's own log.",
    retriable: true,
  });
}
