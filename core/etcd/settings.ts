/** Settings of the connection to etcd, the same in every program. */
import type { z } from "zod";
import { duration, group, text, texts } from "../config/fields.ts";

export const etcdFields = {
  hosts: texts([], 20, {
    description: "etcd addresses, http://HOST:PORT or https://HOST:PORT; none: no etcd.",
  }),
  timeout: duration(100, 60e3, "5s", { description: "Longest wait for an answer." }),
  reread: duration(1000, 3600e3, "30s", {
    description: "Between two full reads that stand behind the watch.",
  }),
  username: text("", { description: "User, where etcd asks for one." }),
  passwordFile: text("", { description: "File that holds the password; a line end is cut off." }),
  caFile: text("", { description: "Certificates that sign etcd's, PEM." }),
  certFile: text("", { description: "Client certificate, PEM." }),
  keyFile: text("", { description: "Key of the client certificate, PEM." }),
};

const etcdGroup = group(etcdFields, { description: "etcd." });
export type EtcdSettings = z.output<typeof etcdGroup>;
