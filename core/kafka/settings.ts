/** Settings of a Kafka connection, the same in every program. Secrets are files, never values. */
import type { z } from "zod";
import { addresses, choice, duration, flag, group, text } from "../config/fields.ts";

export const kafkaFields = {
  brokers: addresses(["127.0.0.1:9092"], 100, { description: "Brokers to begin with, HOST:PORT." }),
  clientId: text("weir", { description: "Name that the broker shows for this client." }),
  connectionTimeout: duration(100, 300e3, "5s", { description: "Longest wait for a connection." }),
  requestTimeout: duration(1000, 600e3, "30s", { description: "Longest wait for an answer." }),
  tls: group({
    enabled: flag(false, { description: "Speak TLS with the brokers." }),
    caFile: text("", {
      description: "Certificates that sign the brokers', PEM; empty: the system's.",
    }),
    certFile: text("", { description: "Client certificate, PEM." }),
    keyFile: text("", { description: "Key of the client certificate, PEM." }),
  }, { description: "Encryption." }),
  sasl: group({
    mechanism: choice(["none", "plain", "scram-sha-256", "scram-sha-512"], "none", {
      description: "How the client proves who it is.",
    }),
    username: text("", { description: "User." }),
    passwordFile: text("", { description: "File that holds the password; a line end is cut off." }),
    allowPlaintext: flag(false, {
      description: "Allow PLAIN without TLS; the password can be read on the way.",
    }),
  }, { description: "Login." }),
};

const kafkaGroup = group(kafkaFields, { description: "Kafka." });
export type KafkaSettings = z.output<typeof kafkaGroup>;
