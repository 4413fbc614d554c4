/** Addresses of the real servers, shared by all tests of a run. */
import { servers } from "../support/servers.ts";

/** "HOST:PORT" */
export async function kafkaBroker(): Promise<string> {
  return (await servers("kafka")).kafka;
}

/** URL without a slash at its end. */
export async function elasticsearchUrl(): Promise<string> {
  return (await servers("elasticsearch")).elasticsearch;
}

export async function etcdUrl(): Promise<string> {
  return (await servers("etcd")).etcd;
}
