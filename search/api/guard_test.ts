import assert from "node:assert/strict";
import { WeirError } from "../../core/errors.ts";
import { loadSettings } from "../../core/config/load.ts";
import { newToken, passwordHash, Users, usersSchema } from "../access/users.ts";
import { checkRequest, Guard } from "./guard.ts";

const request = (headers: Record<string, string> = {}, method = "GET") =>
  new Request("http://127.0.0.1/", { headers, method });
const basic = (password: string) => ({ authorization: `Basic ${btoa(`someone:${password}`)}` });

async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run();
    return "";
  } catch (error) {
    assert(error instanceof WeirError);
    return error.code;
  }
}

Deno.test("Guard lets in the password by Basic and the token by Bearer, not the other way", async () => {
  const guard = new Guard({ password: "pass:word", token: "t0ken" }, () => 0);
  const check = (headers: Record<string, string>) =>
    codeOf(() => guard.check(request(headers), "10.0.0.1"));
  assert.equal(await check(basic("pass:word")), "");
  assert.equal(await check({ authorization: "Bearer t0ken" }), "");
  assert.equal(await check({ authorization: "bearer t0ken" }), "");
  assert.equal(await check(basic("t0ken")), "HTTP_AUTH_FAILED");
  assert.equal(await check({ authorization: "Bearer pass:word" }), "HTTP_AUTH_FAILED");
  assert.equal(await check({ authorization: "Basic !!!" }), "HTTP_AUTH_FAILED");
  assert.equal(await check({}), "HTTP_AUTH_FAILED");
});

Deno.test("Guard stops an address after ten failures for a minute, others go on", async () => {
  let now = 0;
  const guard = new Guard({ password: "right" }, () => now);
  const check = (headers: Record<string, string>, remote: string) =>
    codeOf(() => guard.check(request(headers), remote));
  for (let i = 0; i < 10; i++) assert.equal(await check(basic(`${i}`), "a"), "HTTP_AUTH_FAILED");
  assert.equal(await check(basic("right"), "a"), "HTTP_AUTH_LIMIT");
  assert.equal(await check(basic("right"), "b"), "");
  now = 60_000;
  assert.equal(await check(basic("right"), "a"), "");
});

Deno.test("Guard counts no failure where no password was sent", async () => {
  const guard = new Guard({ password: "right" }, () => 0);
  for (let i = 0; i < 50; i++) {
    assert.equal(await codeOf(() => guard.check(request(), "a")), "HTTP_AUTH_FAILED");
  }
  assert.equal(await codeOf(() => guard.check(request(basic("right")), "a")), "");
});

Deno.test("checkRequest() answers GET of the page itself only", async () => {
  assert.equal(await codeOf(() => checkRequest(request())), "");
  assert.equal(await codeOf(() => checkRequest(request({}, "POST"))), "HTTP_METHOD");
  assert.equal(await codeOf(() => checkRequest(request({}, "DELETE"))), "HTTP_METHOD");
  const site = (mode: string) => ({ "sec-fetch-site": "cross-site", "sec-fetch-mode": mode });
  assert.equal(await codeOf(() => checkRequest(request(site("no-cors")))), "HTTP_CROSS_SITE");
  assert.equal(await codeOf(() => checkRequest(request(site("navigate")))), "");
  assert.equal(await codeOf(() => checkRequest(request({ "sec-fetch-site": "same-origin" }))), "");
});

Deno.test("checkRequest() lets our own page and programs change something, other sites never", async () => {
  const post = (headers: Record<string, string>, path = "/api/fleet/config") =>
    codeOf(() => checkRequest(new Request(`http://127.0.0.1${path}`, { method: "POST", headers })));
  const ours = { "x-weir-change": "1", host: "127.0.0.1" };
  assert.equal(await post(ours), "");
  assert.equal(await post({ ...ours, origin: "http://127.0.0.1" }), "");
  assert.equal(await post({ host: "127.0.0.1" }), "HTTP_CROSS_SITE");
  assert.equal(await post({ ...ours, origin: "http://evil.example" }), "HTTP_CROSS_SITE");
  assert.equal(await post({ ...ours, origin: "null" }), "HTTP_CROSS_SITE");
  assert.equal(await post({ ...ours, "sec-fetch-site": "same-site" }), "HTTP_CROSS_SITE");
  assert.equal(await post(ours, "/api/search"), "HTTP_METHOD");
});

Deno.test("Guard knows users by name and password, tokens, and their topics; one right password is remembered", async () => {
  const password = await passwordHash("kim's password");
  const { token, hash } = newToken();
  const file = loadSettings(
    usersSchema,
    JSON.stringify({
      users: [{ name: "kim", password, topics: ["shop"] }],
      tokens: [{ name: "robot", token: hash, role: "operator" }],
    }).replaceAll("$", "$$$$"),
    { name: "users" },
  );
  const guard = new Guard({ users: new Users(file) }, () => 0);
  const check = (authorization: string) => guard.check(request({ authorization }), "a");
  const kim = `Basic ${btoa("kim:kim's password")}`;
  const identity = { name: "kim", role: "viewer", topics: ["shop"] };
  assert.deepEqual([await check(kim), await check(kim)], [identity, identity]);
  assert.equal((await check(`Bearer ${token}`)).role, "operator");
  for (const wrong of ["kim:other", "kin:kim's password", ":", "kim"]) {
    assert.equal(await codeOf(() => check(`Basic ${btoa(wrong)}`)), "HTTP_AUTH_FAILED", wrong);
  }
  assert.equal(await codeOf(() => check(`Bearer ${hash}`)), "HTTP_AUTH_FAILED");
});
