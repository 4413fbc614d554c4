import assert from "node:assert/strict";
import { WeirError } from "../../core/errors.ts";
import { checkRequest, Guard } from "./guard.ts";

const request = (headers: Record<string, string> = {}, method = "GET") =>
  new Request("http://127.0.0.1/", { headers, method });
const basic = (password: string) => ({ authorization: `Basic ${btoa(`someone:${password}`)}` });

function codeOf(run: () => void): string {
  try {
    run();
    return "";
  } catch (error) {
    assert(error instanceof WeirError);
    return error.code;
  }
}

Deno.test("Guard lets in the password by Basic and the token by Bearer, not the other way", () => {
  const guard = new Guard({ password: "pass:word", token: "t0ken" }, () => 0);
  const check = (headers: Record<string, string>) =>
    codeOf(() => guard.check(request(headers), "10.0.0.1"));
  assert.equal(check(basic("pass:word")), "");
  assert.equal(check({ authorization: "Bearer t0ken" }), "");
  assert.equal(check({ authorization: "bearer t0ken" }), "");
  assert.equal(check(basic("t0ken")), "HTTP_AUTH_FAILED");
  assert.equal(check({ authorization: "Bearer pass:word" }), "HTTP_AUTH_FAILED");
  assert.equal(check({ authorization: "Basic !!!" }), "HTTP_AUTH_FAILED");
  assert.equal(check({}), "HTTP_AUTH_FAILED");
});

Deno.test("Guard stops an address after ten failures for a minute, others go on", () => {
  let now = 0;
  const guard = new Guard({ password: "right" }, () => now);
  const check = (headers: Record<string, string>, remote: string) =>
    codeOf(() => guard.check(request(headers), remote));
  for (let i = 0; i < 10; i++) assert.equal(check(basic(`${i}`), "a"), "HTTP_AUTH_FAILED");
  assert.equal(check(basic("right"), "a"), "HTTP_AUTH_LIMIT");
  assert.equal(check(basic("right"), "b"), "");
  now = 60_000;
  assert.equal(check(basic("right"), "a"), "");
});

Deno.test("Guard counts no failure where no password was sent", () => {
  const guard = new Guard({ password: "right" }, () => 0);
  for (let i = 0; i < 50; i++) {
    assert.equal(codeOf(() => guard.check(request(), "a")), "HTTP_AUTH_FAILED");
  }
  assert.equal(codeOf(() => guard.check(request(basic("right")), "a")), "");
});

Deno.test("checkRequest() answers GET of the page itself only", () => {
  assert.equal(codeOf(() => checkRequest(request())), "");
  assert.equal(codeOf(() => checkRequest(request({}, "POST"))), "HTTP_METHOD");
  assert.equal(codeOf(() => checkRequest(request({}, "DELETE"))), "HTTP_METHOD");
  const site = (mode: string) => ({ "sec-fetch-site": "cross-site", "sec-fetch-mode": mode });
  assert.equal(codeOf(() => checkRequest(request(site("no-cors")))), "HTTP_CROSS_SITE");
  assert.equal(codeOf(() => checkRequest(request(site("navigate")))), "");
  assert.equal(codeOf(() => checkRequest(request({ "sec-fetch-site": "same-origin" }))), "");
});
