/**
 * TLS to etcd as the runtimes can: gRPC names the far side also where its name is an address, which TLS
 * does not have and newer runtimes refuse; and older ones make a TLS connection for HTTP/2 without
 * looking at certificates that are given, so that it is made here.
 */
import { Buffer } from "node:buffer";
import { isIP } from "node:net";
import { connect, type SecureContext, type TLSSocket } from "node:tls";
import type { Etcd3 } from "etcd3";
import { readSecretFile } from "../secrets.ts";
import { hasOldHttp2 } from "./runtime.ts";
import type { EtcdSettings } from "./settings.ts";

export interface TlsFiles {
  ca: Buffer;
  /** The client's own, both or none. */
  cert?: Buffer;
  key?: Buffer;
}

/** Throws SECRET_UNREADABLE. */
export function tlsFiles({ caFile, certFile, keyFile }: EtcdSettings): TlsFiles {
  const read = (file: string) => Buffer.from(readSecretFile(file));
  const ca = read(caFile);
  return certFile === "" ? { ca } : { ca, cert: read(certFile), key: read(keyFile) };
}

interface Credentials {
  _getConnectionOptions(): Record<string, unknown> | null;
}

interface Target {
  host: string;
  port: number;
  servername?: string;
  secureContext: SecureContext;
}

/** Mends how a client whose credentials are certificates connects. */
export function mendTls(client: Etcd3): void {
  const old = hasOldHttp2();
  const { pool } = client as unknown as { pool: { hosts: { channelCredentials: Credentials }[] } };
  for (const credentials of new Set(pool.hosts.map((host) => host.channelCredentials))) {
    const optionsOf = credentials._getConnectionOptions.bind(credentials);
    credentials._getConnectionOptions = () => {
      const options = optionsOf();
      if (options === null) return options;
      if (old) {
        options.createConnection = (_: unknown, target: Target) => secureConnection(target);
      }
      let servername: string | undefined;
      return Object.defineProperty(options, "servername", {
        enumerable: true,
        get: () => servername,
        set: (name: string) => servername = isIP(name) === 0 ? name : undefined,
      });
    };
  }
}

/** A connection that says "connect" only when TLS has begun on it. */
function secureConnection({ host, port, servername, secureContext }: Target): TLSSocket {
  const socket = connect({ host, port, servername, secureContext, ALPNProtocols: ["h2"] });
  const once = socket.once.bind(socket) as (name: string, told: () => void) => TLSSocket;
  socket.once =
    ((name: string, told: () => void) =>
      once(name === "connect" ? "secureConnect" : name, told)) as typeof socket.once;
  return socket;
}
