import assert from "node:assert/strict";
import { InfluxDB, Point } from "@influxdata/influxdb-client";
import { servers } from "../support/servers.ts";
import { uniqueName } from "../support/temp.ts";

Deno.test("influxdb: what the client writes a query counts, and a wrong token is refused", async () => {
  const { influxdb: { url, org, bucket, token } } = await servers("influxdb");
  const measurement = uniqueName("servers"), startMs = Date.now() - 60_000;
  const client = new InfluxDB({ url, token });
  const writer = client.getWriteApi(org, bucket, "ms");
  for (let i = 0; i < 200; i++) {
    writer.writePoint(new Point(measurement).intField("n", i).timestamp(startMs + i));
  }
  await writer.close();
  try {
    const rows = await client.getQueryApi(org).collectRows<{ _value: number }>(
      `from(bucket: "${bucket}") |> range(start: -1h)
       |> filter(fn: (r) => r._measurement == "${measurement}") |> sum()`,
    );
    assert.deepEqual(rows.map((row) => row._value), [19_900]);
    const refused = await fetch(`${url}/api/v2/write?org=${org}&bucket=${bucket}`, {
      method: "POST",
      headers: { authorization: "Token wrong" },
      body: `${measurement} n=1i`,
    });
    await refused.body?.cancel();
    assert.equal(refused.status, 401);
  } finally {
    const removed = await fetch(`${url}/api/v2/delete?org=${org}&bucket=${bucket}`, {
      method: "POST",
      headers: { "authorization": `Token ${token}`, "content-type": "application/json" },
      body: JSON.stringify({
        start: new Date(startMs).toISOString(),
        stop: new Date(startMs + 60_000).toISOString(),
        predicate: `_measurement="${measurement}"`,
      }),
    });
    assert.equal(removed.status, 204, await removed.text());
  }
});
