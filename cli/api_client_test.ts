import assert from "node:assert/strict";
import { EXIT, WeirError } from "../core/errors.ts";
import { ApiClient, exitCode, parsed, serverError } from "./api_client.ts";
import { placeOf } from "./follow.ts";
import { Output } from "./output.ts";

Deno.test("serverError() shows the query and a caret below the fault", () => {
  const body = { code: "QUERY_INVALID", message: "never closed", hint: "Close it.", column: 3 };
  const error = serverError(body, "a (b");
  assert.equal(error.message, "Column 3: never closed\n  a (b\n    ^");
  assert.equal(error.code, "QUERY_INVALID");
  assert.equal(error.hint, "Close it.");
  assert.equal(error.retriable, false);
  assert.equal(serverError({ ...body, column: 99 }, "a").message, "never closed");
});

Deno.test("serverError() escapes what the server says and knows what may pass", () => {
  const error = serverError({ code: "SEARCH_BUSY", message: "a\x1b[2Jb", hint: "\x9bx" }, "");
  assert.equal(error.message, "a\\u001b[2Jb");
  assert.equal(error.hint, "\\u009bx");
  assert(error.retriable);
  assert(serverError({ code: "STORE_FULL", message: "full" }, "", 503).retriable);
  for (const body of [undefined, null, {}, { code: 5 }, { code: "<html>" }]) {
    assert.throws(() => serverError(body, ""), { code: "API_ANSWER" });
  }
});

Deno.test("parsed() takes objects alone", () => {
  assert.deepEqual(parsed('{"a":1}'), { a: 1 });
  for (const text of ["", "[1]", "null", "<html>"]) {
    assert.throws(() => parsed(text), { code: "API_ANSWER" });
  }
});

Deno.test("ApiClient refuses an address with a password, none, or another protocol", () => {
  for (const url of ["http://me:secret@127.0.0.1", "ftp://127.0.0.1", "http://"]) {
    assert.throws(() => new ApiClient({ url }), { code: "USAGE_URL" }, url);
  }
  assert.throws(() => new ApiClient({ url: "127.0.0.1:7700" }, "a b"), { code: "USAGE_TOKEN" });
  assert.throws(() => new ApiClient({ url: "127.0.0.1:7700", tokenFile: "/no/such" }), {
    code: "SECRET_UNREADABLE",
  });
});

Deno.test("exitCode() tells a wrong query from a wrong secret and from a server that is away", () => {
  const codeOf = (code: string) => exitCode(new WeirError(code, ""), EXIT.unavailable);
  assert.equal(codeOf("QUERY_INVALID"), EXIT.usage);
  assert.equal(codeOf("TIME_INVALID"), EXIT.usage);
  assert.equal(codeOf("USAGE_URL"), EXIT.usage);
  assert.equal(codeOf("HTTP_AUTH_FAILED"), EXIT.permission);
  assert.equal(codeOf("API_UNREACHABLE"), EXIT.unavailable);
  assert.equal(exitCode(new Error("bug"), EXIT.runtime), EXIT.runtime);
});

Deno.test("placeOf() is a document's place as the API takes it", () => {
  const document = {
    "@timestamp": "1970-01-01T00:00:01.000Z",
    "log.file.generation": "AAAA",
    "log.offset": 7,
    topic: "a~b",
  };
  assert.equal(placeOf(document), "1000~AAAA~7~a~b");
  assert.throws(() => placeOf({}), { code: "API_ANSWER" });
});

Deno.test("Output writes everything in order, however little is taken at once", async () => {
  let got = "" as string;
  const output = new Output((bytes) => {
    got += new TextDecoder().decode(bytes.subarray(0, 3));
    return Promise.resolve(Math.min(3, bytes.length));
  });
  await output.add("abcdefg\n");
  assert.equal(got.length, 0);
  await output.flush();
  assert(got === "abcdefg\n");
  await output.add("x".repeat(70_000));
  assert.equal(got.length, 70_008);
});

Deno.test("Output knows when nobody reads any more, and passes other errors on", async () => {
  const gone = new Output(() => Promise.reject(new Deno.errors.BrokenPipe("gone")));
  await gone.add("a");
  await gone.flush();
  assert(gone.gone);
  const full = new Output(() => Promise.reject(new Error("disk full")));
  await full.add("a");
  await assert.rejects(full.flush(), /disk full/);
});
