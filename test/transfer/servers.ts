/** Addresses of the real servers for the transfer's tests. */

export function kafkaBroker(): Promise<string> {
  return given("WEIR_TEST_KAFKA");
}

export function elasticsearchUrl(): Promise<string> {
  return given("WEIR_TEST_ELASTICSEARCH");
}

export function etcdUrl(): Promise<string> {
  return given("WEIR_TEST_ETCD");
}

function given(name: string): Promise<string> {
  const value = Deno.env.get(name);
  if (value === undefined) return Promise.reject(new Error(`${name} is not set`));
  return Promise.resolve(value);
}
