/** What an error of the Elasticsearch client holds: a failed bulk request must cost no more than its own bytes. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { errors, UndiciConnection } from "@elastic/elasticsearch";
import { createElastic, LINES_HEADERS } from "./client.ts";

const OPTIONS = {
  nodes: ["http://127.0.0.1:9"],
  caFile: "",
  apiKeyFile: "",
  username: "weir",
  passwordFile: "",
  password: "canary-of-a-password",
  requestTimeout: 1000,
  compression: false,
  sniff: false,
};

/** Nobody is there. */
class NoNode extends UndiciConnection {
  // deno-lint-ignore no-explicit-any -- the client's class has overloads that cannot be met otherwise
  override request(): Promise<any> {
    return Promise.reject(new errors.ConnectionError("refused"));
  }
}

/** A node with an error for every request. */
class Refuses extends UndiciConnection {
  // deno-lint-ignore no-explicit-any -- see above
  override request(): Promise<any> {
    const headers = { "content-type": "application/json" };
    return Promise.resolve({ statusCode: 429, headers, body: '{"error":"too many"}' });
  }
}

for (const connection of [NoNode, Refuses]) {
  Deno.test(`the error of a bulk request holds its body as it is, and no login: ${connection.name}`, async () => {
    const client = createElastic(OPTIONS, undefined, connection), body = Buffer.alloc(64, 32);
    try {
      const failed = client.transport.request({
        method: "POST",
        path: "/_bulk",
        bulkBody: body as never,
      }, { headers: LINES_HEADERS, meta: true });
      // deno-lint-ignore no-explicit-any -- the client gives its errors no common type
      const error: any = await failed.then(() => assert.fail("it was refused"), (error) => error);
      assert.equal(error.meta.meta.request.params.body, body, "a copy is made byte by byte");
      if (connection === Refuses) {
        assert.deepEqual([error.meta.statusCode, error.meta.body], [429, { error: "too many" }]);
      }
      const login = Buffer.from(`weir:${OPTIONS.password}`).toString("base64");
      const text = Deno.inspect(error, { depth: 10 });
      assert(!text.includes(login) && !text.includes(OPTIONS.password), text);
    } finally {
      await client.close();
    }
  });
}
