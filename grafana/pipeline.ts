/**
 * "Weir pipeline": agents, Kafka, transfers, Elasticsearch as the transfers see it, dead letters,
 * and the programs' own use of the machine. Scrape jobs as in the rules.
 */
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import { type DashboardSpec, type PanelSpec, type RowSpec, sourceRef } from "./panels.ts";

const AGENTS = 'job="weir-agent",instance=~"$agent"';
const TRANSFERS = 'job="weir-transfer",instance=~"$transfer"';
const PROGRAMS = 'job=~"weir-agent|weir-transfer|node"';

function stat(title: string, unit: string, text: string, more: Partial<PanelSpec> = {}): PanelSpec {
  return { title, unit, kind: "stat", width: 3, queries: [{ text }], ...more };
}

function graph(
  title: string,
  unit: string,
  queries: [text: string, legend: string][],
  more: Partial<PanelSpec> = {},
): PanelSpec {
  return {
    title,
    unit,
    kind: "timeseries",
    width: 12,
    min: 0,
    queries: queries.map(([text, legend]) => ({ text, legend })),
    ...more,
  };
}

const rate = (metric: string, select: string) => `rate(${metric}{${select}}[$__rate_interval])`;
const sum = (expr: string, by = "") => by === "" ? `sum(${expr})` : `sum by (${by}) (${expr})`;
/** A counter by something that may never have happened: then 0. */
const orNone = (expr: string) => `${expr} or vector(0)`;

function quantiles(metric: string, select: string): [string, string][] {
  return [0.5, 0.99].map((q) => [
    `histogram_quantile(${q}, ${sum(rate(`${metric}_bucket`, select), "le")})`,
    q === 0.5 ? "half of them within" : "99 of 100 within",
  ]);
}

const overview: RowSpec = {
  title: "Overview",
  panels: [
    stat("Agents up", "short", 'sum(up{job="weir-agent"})'),
    stat("Transfers up", "short", 'sum(up{job="weir-transfer"})'),
    stat(
      "Lines delivered",
      "cps",
      sum(rate("weir_agent_acknowledged_lines_total", AGENTS)),
    ),
    stat("Records read", "cps", sum(rate("weir_transfer_read_records_total", TRANSFERS))),
    stat("Behind in files", "bytes", `sum(weir_agent_lag_bytes{${AGENTS}})`, {
      warn: 10e6,
      alarm: 1e9,
    }),
    stat("Behind in Kafka", "short", `sum(kafka_consumergroup_lag{${TRANSFERS}})`, {
      warn: 10_000,
      alarm: 100_000,
      description: "Records behind the committed offset.",
    }),
    stat(
      "Dead letters in a day",
      "short",
      orNone(sum(`increase(weir_transfer_dead_letters_total{${TRANSFERS}}[1d])`)),
      { warn: 1 },
    ),
    stat(
      "Lost in a day",
      "short",
      `sum(increase(weir_agent_unread_bytes_total{${AGENTS}}[1d])) + (${
        orNone(sum(`increase(weir_transfer_lost_records_total{${TRANSFERS}}[1d])`))
      })`,
      {
        alarm: 1,
        description: "Bytes of files and records of Kafka that were gone before they were read.",
      },
    ),
  ],
};

const agents: RowSpec = {
  title: "Agents",
  panels: [
    graph("Lines delivered by topic", "cps", [
      [sum(rate("weir_agent_acknowledged_lines_total", AGENTS), "topic"), "{{topic}}"],
    ]),
    graph("Bytes", "Bps", [
      [sum(rate("weir_agent_acknowledged_bytes_total", AGENTS)), "out of files"],
      [sum(rate("weir_agent_sent_bytes_total", AGENTS)), "sent, compressed"],
    ]),
    graph("Behind in files", "bytes", [
      [`sum by (instance, topic) (weir_agent_lag_bytes{${AGENTS}})`, "{{instance}} {{topic}}"],
    ], { description: "From the acknowledged offset to the end of the files." }),
    graph(
      "Until Kafka acknowledges",
      "s",
      quantiles("weir_agent_request_duration_seconds", AGENTS),
    ),
    graph("Files", "short", [
      [`sum by (instance) (weir_agent_files_open{${AGENTS}})`, "{{instance}} open"],
      [
        sum(`increase(weir_agent_file_events_total{${AGENTS}}[$__rate_interval])`, "event"),
        "{{event}}",
      ],
    ]),
    graph("In flight", "bytes", [
      [`sum by (instance) (weir_agent_in_flight_bytes{${AGENTS}})`, "{{instance}}"],
    ], { description: "Read and not yet acknowledged." }),
    graph("Failed deliveries", "cps", [
      [
        orNone(sum(rate("weir_agent_send_failures_total", AGENTS), "instance, code")),
        "{{instance}} {{code}}",
      ],
    ], { description: "Each is tried again." }),
    graph("Cut or lost", "short", [
      [sum(`increase(weir_agent_lines_cut_total{${AGENTS}}[$__rate_interval])`), "lines cut"],
      [sum(`increase(weir_agent_unread_bytes_total{${AGENTS}}[$__rate_interval])`), "bytes lost"],
    ]),
    graph("Age of the checkpoint", "s", [
      [`weir_agent_checkpoint_age_seconds{${AGENTS}}`, "{{instance}}"],
    ]),
    graph("Changes of what to tail", "short", [
      [
        sum(`increase(weir_agent_config_reloads_total{${AGENTS}}[$__rate_interval])`, "result"),
        "{{result}}",
      ],
    ]),
  ],
};

const kafka: RowSpec = {
  title: "Kafka",
  panels: [
    graph("Lag by topic", "short", [
      [
        `sum by (consumergroup, topic) (kafka_consumergroup_lag{${TRANSFERS}})`,
        "{{consumergroup}} {{topic}}",
      ],
    ]),
    graph("Partitions with the most lag", "short", [
      [`topk(10, kafka_consumergroup_lag{${TRANSFERS}})`, "{{topic}} {{partition}}"],
    ]),
    graph("Records written and committed", "cps", [
      [sum(rate("kafka_topic_partition_current_offset", TRANSFERS)), "written"],
      [sum(rate("kafka_consumergroup_current_offset", TRANSFERS)), "committed"],
    ]),
    graph("Records kept", "short", [
      [
        `sum by (topic) (kafka_topic_partition_current_offset{${TRANSFERS}} - kafka_topic_partition_oldest_offset{${TRANSFERS}})`,
        "{{topic}}",
      ],
    ]),
  ],
};

const transfers: RowSpec = {
  title: "Transfers",
  panels: [
    graph("Records read by topic", "cps", [
      [sum(rate("weir_transfer_read_records_total", TRANSFERS), "topic"), "{{topic}}"],
    ]),
    graph("Bytes read", "Bps", [
      [sum(rate("weir_transfer_read_bytes_total", TRANSFERS), "instance"), "{{instance}}"],
    ]),
    graph("Memory for lines", "percentunit", [
      [
        `weir_transfer_channel_bytes{${TRANSFERS}} / weir_transfer_channel_bytes_max{${TRANSFERS}}`,
        "{{instance}} bytes",
      ],
      [
        `weir_transfer_channel_lines{${TRANSFERS}} / weir_transfer_channel_lines_max{${TRANSFERS}}`,
        "{{instance}} lines",
      ],
    ], { max: 1 }),
    graph("Bulk requests at once", "short", [
      [`weir_transfer_workers_active{${TRANSFERS}}`, "{{instance}} open"],
      [`weir_transfer_workers_limit{${TRANSFERS}}`, "{{instance}} allowed"],
    ]),
    graph("Partitions that wait for room", "short", [
      [`weir_transfer_partitions_paused{${TRANSFERS}}`, "{{instance}}"],
    ]),
    graph("Group", "short", [
      [
        sum(`increase(weir_transfer_rebalances_total{${TRANSFERS}}[$__rate_interval])`),
        "assignments",
      ],
      [
        sum(`increase(weir_transfer_consumer_restarts_total{${TRANSFERS}}[$__rate_interval])`),
        "restarts",
      ],
      [
        sum(`increase(weir_transfer_commits_total{${TRANSFERS}}[$__rate_interval])`, "result"),
        "commits {{result}}",
      ],
    ]),
  ],
};

const elasticsearch: RowSpec = {
  title: "Elasticsearch, as the transfers see it",
  panels: [
    graph("Documents by what became of them", "cps", [
      [sum(rate("weir_transfer_bulk_items_total", TRANSFERS), "result"), "{{result}}"],
    ]),
    graph(
      "Until a bulk request is answered",
      "s",
      quantiles("weir_transfer_bulk_seconds", TRANSFERS),
    ),
    graph(
      "Documents of a bulk request",
      "short",
      quantiles("weir_transfer_bulk_documents", TRANSFERS),
    ),
    graph("Bulk requests", "reqps", [
      [sum(rate("weir_transfer_bulk_requests_total", TRANSFERS)), "answered"],
      [orNone(sum(rate("weir_transfer_failures_total", TRANSFERS), "code")), "failed {{code}}"],
    ]),
    graph("From Kafka to the index", "s", quantiles("weir_transfer_delay_seconds", TRANSFERS)),
    graph("Repeats that were compared", "cps", [
      [orNone(sum(rate("weir_transfer_compared_total", TRANSFERS), "same")), "the same: {{same}}"],
    ]),
  ],
};

const dead: RowSpec = {
  title: "Dead letters and what was left out",
  panels: [
    graph("Dead letters", "cps", [
      [sum(rate("weir_transfer_dead_letters_total", TRANSFERS), "code"), "{{code}}"],
    ]),
    graph("Left out", "cps", [
      [
        orNone(sum(rate("weir_transfer_dropped_records_total", TRANSFERS), "rule")),
        "rule {{rule}}",
      ],
      [sum(rate("weir_transfer_dropped_fields_total", TRANSFERS)), "headers"],
      [sum(rate("weir_transfer_invalid_utf8_total", TRANSFERS)), "bytes that are no UTF-8"],
      [orNone(sum(rate("weir_transfer_lost_records_total", TRANSFERS), "topic")), "lost {{topic}}"],
    ]),
  ],
};

const programs: RowSpec = {
  title: "Programs",
  panels: [
    graph("CPU", "percentunit", [
      [rate("process_cpu_seconds_total", PROGRAMS), "{{job}} {{instance}}"],
    ]),
    graph("Resident memory", "bytes", [
      [`process_resident_memory_bytes{${PROGRAMS}}`, "{{job}} {{instance}}"],
    ]),
    graph("Versions", "short", [
      [
        `count by (program, version, deno) (weir_build_info{${PROGRAMS}})`,
        "{{program}} {{version}} on Deno {{deno}}",
      ],
    ]),
    graph("Time since the start", "s", [
      [`time() - process_start_time_seconds{${PROGRAMS}}`, "{{job}} {{instance}}"],
    ]),
  ],
};

export const pipeline: DashboardSpec = {
  uid: "weir-pipeline",
  title: "Weir pipeline",
  description:
    "From the files to the index: agents, Kafka, transfers, Elasticsearch, dead letters.",
  tags: ["pipeline"],
  source: "prometheus",
  variables: [instances("agent", "Agent"), instances("transfer", "Transfer")],
  rows: [overview, agents, kafka, transfers, elasticsearch, dead, programs],
};

function instances(name: string, label: string): dashboard.QueryVariableBuilder {
  const query = `label_values(up{job="weir-${name}"}, instance)`;
  return new dashboard.QueryVariableBuilder(name).label(label)
    .datasource(sourceRef("prometheus"))
    .query({ query, refId: name }).definition(query)
    .refresh(dashboard.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboard.VariableSort.AlphabeticalAsc)
    .includeAll(true).multi(true).allValue(".*");
}
