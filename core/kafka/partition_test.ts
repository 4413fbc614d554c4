import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { Buffer } from "node:buffer";
import { murmur2, partitionOf } from "./partition.ts";

const require = createRequire(import.meta.url);
const theirs = require("kafkajs/src/producer/partitioners/default/murmur2");

Deno.test("murmur2() agrees with the client library for keys of every length", () => {
  for (let size = 0; size < 64; size++) {
    const text = "aZ09-_日".repeat(10).slice(0, size);
    assert.equal(murmur2(new TextEncoder().encode(text)), theirs(Buffer.from(text)), text);
  }
});

Deno.test("partitionOf() stays within bounds", () => {
  for (let i = 0; i < 1000; i++) {
    const partition = partitionOf(`key${i}`, 7);
    assert(partition >= 0 && partition < 7);
  }
});
