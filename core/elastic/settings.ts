/** Settings of a connection to Elasticsearch, the same in every program. Secrets are files, never values. */
import { duration, flag, text, urls } from "../config/fields.ts";

export const elasticFields = {
  nodes: urls(["http://127.0.0.1:9200"], 100, { description: "Nodes, as URLs." }),
  apiKeyFile: text("", { description: "File that holds an API key (base64 of id:key)." }),
  username: text("", { description: "User, where there is no API key." }),
  passwordFile: text("", { description: "File that holds the user's password." }),
  caFile: text("", { description: "Certificates that sign the nodes', PEM; empty: the system's." }),
  requestTimeout: duration(1000, 600e3, "60s", { description: "Longest wait for an answer." }),
  compression: flag(false, {
    description: "Send bodies packed with gzip: less network, more CPU.",
  }),
  sniff: flag(false, { description: "Ask the cluster for its nodes and use them all." }),
};
