/**
 * The etcd3 client of a program. No keepalive options: they drop the session on runtimes before Deno 2.9. Every call
 * that is not a stream has a deadline.
 */
import { Etcd3 } from "etcd3";
import type { IOptions } from "etcd3";
import { WatchManager } from "etcd3/lib/watch.js";
import { messageOf, WeirError } from "../errors.ts";
import { readSecret } from "../secrets.ts";
import type { EtcdSettings } from "./settings.ts";
import { forgetEndedStreams } from "./forget_streams.ts";
import { surviveBrokenStreams } from "./survive.ts";
import { mendTls, tlsFiles } from "./tls.ts";

/**
 * etcd may answer for a watcher that was cancelled meanwhile. etcd3 throws then, out of its stream where nobody can
 * catch it, and the process ends; such an answer is nobody's.
 */
const inner = WatchManager.prototype as unknown as {
  watchers: { id: string | null }[];
  handleResponse(response: { watch_id: string }): void;
};
const handleResponse = inner.handleResponse;
inner.handleResponse = function (response) {
  if (this.watchers.some(({ id }) => id === response.watch_id)) handleResponse.call(this, response);
};

/** Largest answer of etcd that is taken: registrations of 10,000 hosts have room. */
const ANSWER_BYTES_MAX = 64 * 2 ** 20;

/** Makes the client; nothing is connected yet. Throws SECRET_UNREADABLE. */
export function createEtcd(settings: EtcdSettings): Etcd3 {
  surviveBrokenStreams();
  forgetEndedStreams();
  const options: IOptions = {
    hosts: settings.hosts,
    dialTimeout: settings.timeout,
    grpcOptions: {
      // Else the wait grows to two minutes: so long nothing would be known after an outage.
      "grpc.initial_reconnect_backoff_ms": 250,
      "grpc.max_reconnect_backoff_ms": 5000,
      // Else a call on a connection that has just broken is begun again at once and for ever, in
      // which nothing else of the process gets its turn. Callers try again, with waits between.
      "grpc.enable_retries": 0,
      // Else 4 MiB: the registrations of a thousand hosts can be more.
      "grpc.max_receive_message_length": ANSWER_BYTES_MAX,
    },
    defaultCallOptions: (context) =>
      context.isStream ? {} : { deadline: Date.now() + settings.timeout },
  };
  const files = settings.caFile === "" ? undefined : tlsFiles(settings);
  if (files !== undefined) {
    const { ca, cert, key } = files;
    options.credentials = { rootCertificate: ca, privateKey: key!, certChain: cert! };
  }
  if (settings.username !== "") {
    const password = readSecret(settings.passwordFile);
    options.auth = { username: settings.username, password };
  }
  const client = new Etcd3(options);
  if (files !== undefined) mendTls(client);
  return client;
}

/**
 * Makes clients for one host each, the next one in turn, beginning at any. A client of several hosts asks another one
 * each time: with a slow and a silent one among three, a watch and a look would seldom both meet the third.
 */
export function etcdInTurn(settings: EtcdSettings): () => Etcd3 {
  const { hosts } = settings;
  let next = Math.floor(Math.random() * hosts.length);
  return () => {
    const host = hosts[next++ % hosts.length];
    return createEtcd({ ...settings, hosts: [host] });
  };
}

/** Anything that etcd3 threw, as a WeirError. */
export function etcdError(error: unknown, action: string): WeirError {
  if (error instanceof WeirError) return error;
  const name = (error as Error)?.name ?? "";
  const [code, hint, retriable] = /Auth/.test(name)
    ? ["ETCD_LOGIN_REFUSED", "Check etcd.username and the password file.", true]
    : /Permission/.test(name)
    ? ["ETCD_NOT_AUTHORISED", "Give this user's role the key.", true]
    : /InvalidArgument/.test(name)
    ? ["ETCD_LOGIN_NEEDED", "etcd asks for a user: set etcd.username.", true]
    : ["ETCD_UNREACHABLE", "Check that etcd runs and etcd.hosts is right.", true];
  return new WeirError(code as string, `${action}: ${messageOf(error)}`, {
    hint: hint as string,
    retriable: retriable as boolean,
    cause: error,
  });
}

/** The address with which this host reaches etcd: what `{ip}` in a key means. Rejects with ETCD_UNREACHABLE. */
export async function localAddress(host: string, timeoutMs: number): Promise<string> {
  const url = new URL(host.includes("://") ? host : `http://${host}`);
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port || 2379);
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const connecting = Deno.connect({ hostname, port });
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`no connection within ${timeoutMs} ms`)),
        timeoutMs,
      );
    });
    const connection = await Promise.race([connecting, late]);
    const address = (connection.localAddr as Deno.NetAddr).hostname;
    connection.close();
    return address;
  } catch (error) {
    throw etcdError(error, `Cannot connect to etcd at ${host}`);
  } finally {
    clearTimeout(timer);
  }
}
