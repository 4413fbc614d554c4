/**
 * The small HTTP server that every program has: /metrics, /healthz (the process runs), /readyz (it can do its work;
 * 503 says why not) and /api/status. GET only, no body is ever read, Host is checked, loopback unless told otherwise.
 */
import { Hono } from "hono";
import type { Registry } from "prom-client";
import { registryPage } from "../metrics/exposition.ts";
import { messageOf, WeirError } from "../errors.ts";
import type { Part } from "../lifecycle.ts";
import { logOf } from "../log.ts";
import { hostAllowed } from "./host.ts";

export interface StatusOptions {
  registry: Registry;
  /** Reasons for not being ready; empty means ready. */
  notReady: () => string[];
  /** State for /api/status, no secrets. */
  status: () => unknown;
  /** Hears of the address once it listens. */
  listening?: (url: string) => void;
}

/** The handler of the four paths; other programs mount it into a larger one. */
export function statusApp(options: StatusOptions): Hono {
  const app = new Hono();
  app.get("/healthz", (context) => context.text("ok\n"));
  app.get("/readyz", (context) => {
    const reasons = options.notReady();
    return reasons.length === 0
      ? context.text("ready\n")
      : context.text(`${reasons.join("\n")}\n`, 503);
  });
  app.get("/api/status", (context) => context.json(options.status() as never));
  app.get("/metrics", async (context) => {
    const { text, contentType } = await registryPage(
      options.registry,
      context.req.header("accept") ?? "",
    );
    return context.body(text, 200, { "content-type": contentType });
  });
  return app;
}

/** How long close() waits for answers that are under way. */
const CLOSE_MS = 500;
/** Between the end of a server that failed and the next one, and between attempts. */
const AGAIN_MS = 200;

export interface Listening {
  /** Address in use, "127.0.0.1:9464"; the port is the real one where 0 was asked for. */
  address: string;
  url: string;
  close(): Promise<void>;
}

/**
 * Listens on "HOST:PORT" (port 0: a free one). Throws HTTP_LISTEN_FAILED where the port is taken, HTTP_LISTEN_ADDRESS
 * where the text is no address. The handler is told the address of the client; `names` are further
 * Host names to answer to.
 */
export function listen(
  address: string,
  handler: (request: Request, remote: string) => Response | Promise<Response>,
  names: readonly string[] = [],
): Listening {
  const { hostname, port } = parseAddress(address);
  const begin = (port: number) =>
    Deno.serve({ hostname, port, onListen: () => {} }, (request, info) => {
      if (!hostAllowed(request.headers.get("host"), hostname, names)) {
        return new Response("Host not allowed\n", { status: 421 });
      }
      return handler(request, info.remoteAddr.hostname);
    });
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = begin(port);
  } catch (error) {
    throw new WeirError(
      "HTTP_LISTEN_FAILED",
      `Cannot listen on ${address}: ${(error as Error).message}`,
      {
        hint: "Choose another port with --listen, or port 0 for a free one.",
        cause: error,
      },
    );
  }
  const real = `${hostname.includes(":") ? `[${hostname}]` : hostname}:${server.addr.port}`;
  const realPort = server.addr.port; // also where any was asked for: the next server has the same
  const kept = keepUp(server, () => begin(realPort), real);
  return {
    address: real,
    url: `http://${real}/`,
    async close() {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<void>((resolve) => timer = setTimeout(resolve, CLOSE_MS));
      await Promise.race([kept.close(), late]).finally(() => clearTimeout(timer));
    },
  };
}

/**
 * The runtime's server ends when it cannot take a connection: as soon as no file may be opened any more. Its end closes
 * its connections, so it begins again; without that, whoever makes many connections ends the program.
 */
function keepUp(
  server: Deno.HttpServer<Deno.NetAddr>,
  again: () => Deno.HttpServer<Deno.NetAddr>,
  address: string,
): { close(): Promise<void> } {
  let isClosing = false, timer: ReturnType<typeof setTimeout> | undefined;
  const restart = () => {
    if (isClosing) return;
    try {
      server = again();
      watch();
    } catch {
      timer = setTimeout(restart, AGAIN_MS); // its port, or a file for it, is not free yet
    }
  };
  const watch = () => {
    server.finished.catch((error) => {
      logOf("status").error("The HTTP server failed: it begins again", {
        address,
        reason: messageOf(error),
        hint: "Are there too many connections for the limit of open files?",
      });
      timer = setTimeout(restart, AGAIN_MS);
    });
  };
  watch();
  return {
    close() {
      isClosing = true;
      clearTimeout(timer);
      return server.shutdown();
    },
  };
}

export function parseAddress(address: string): { hostname: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:]*)):(\d{1,5})$/.exec(address);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) {
    throw new WeirError("HTTP_LISTEN_ADDRESS", `Cannot read "${address}" as HOST:PORT`, {
      hint: "Example: 127.0.0.1:7700",
    });
  }
  return { hostname: match[1] ?? (match[2] === "" ? "0.0.0.0" : match[2]), port };
}

/** The status server as a part of a program; says its address when it listens. `names`: as for listen(). */
export function statusPart(
  address: string,
  options: StatusOptions,
  names: readonly string[] = [],
): Part {
  let server: Listening | undefined;
  return {
    name: "status",
    start() {
      server = listen(address, statusApp(options).fetch, names);
      options.listening?.(server.url);
      logOf("status").info("Listening", { url: server.url });
    },
    async stop() {
      await server?.close();
    },
  };
}
