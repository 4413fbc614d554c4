/**
 * Rules for the pipeline itself. Jobs: `weir-agent`, `weir-transfer`, and `node` for weir-monitor.
 * Lag has kafka_exporter's names, and so have its two alerts.
 */
import type { AlertSpec, RuleGroup } from "./model.ts";

function down(name: string, job: string, what: string): AlertSpec {
  return {
    name,
    expr: `up{job="${job}"} == 0`,
    forMinutes: 5,
    severity: "critical",
    summary: `A ${what} does not answer.`,
    description: `${what} {{ $labels.instance }} could not be scraped for 5 minutes.`,
  };
}

const agent: AlertSpec[] = [
  down("WeirAgentDown", "weir-agent", "weir-agent"),
  {
    name: "WeirAgentSilentSource",
    expr: "sum by (instance, topic) (increase(weir_agent_acknowledged_lines_total[1h])) == 0\n" +
      "and sum by (instance, topic) (increase(weir_agent_acknowledged_lines_total[1d] offset 1h)) > 0",
    forMinutes: 15,
    severity: "info",
    summary: "A topic that had lines yesterday has none for an hour.",
    description: "{{ $labels.instance }} delivers nothing to {{ $labels.topic }}.",
  },
  {
    name: "WeirSourceLagGrowing",
    expr: "weir_agent_lag_bytes > 10e6 and deriv(weir_agent_lag_bytes[15m]) > 0",
    forMinutes: 15,
    keepFiringMinutes: 10,
    severity: "warning",
    summary: "Files grow faster than their lines are delivered.",
    description: "{{ $labels.instance }} is {{ $value | humanize1024 }}B behind for " +
      "{{ $labels.topic }}, and falls back.",
  },
  {
    name: "WeirRotatedFilesUnread",
    expr: "sum by (instance) (weir_agent_rotated_unread_bytes) > 0",
    forMinutes: 15,
    keepFiringMinutes: 10,
    severity: "warning",
    summary: "Rotated files are not delivered yet: a further rotation may remove them unread.",
    description: "{{ $labels.instance }} has {{ $value | humanize1024 }}B to deliver of files " +
      "that were renamed or removed; weir_agent_catch_up_seconds says how long it takes.",
  },
  {
    name: "WeirEventsDropped",
    expr: "increase(weir_agent_unread_bytes_total[15m]) > 0\n" +
      "or increase(weir_transfer_lost_records_total[15m]) > 0",
    keepFiringMinutes: 15,
    severity: "critical",
    summary: "Lines are lost.",
    description:
      "{{ $labels.instance }} lost {{ $value }} bytes of files (weir-agent) or records " +
      "of Kafka (weir-transfer) before they were read.",
  },
  {
    name: "WeirSendErrors",
    expr: "sum by (instance, code) (increase(weir_agent_send_failures_total[5m])) > 0",
    forMinutes: 15,
    severity: "warning",
    summary: "Deliveries to Kafka fail and are tried again.",
    description:
      "{{ $labels.instance }}: {{ $value }} failures with {{ $labels.code }} in 5 minutes.",
  },
  {
    name: "WeirConfigReloadFailed",
    expr: 'increase(weir_agent_config_reloads_total{result="refused"}[15m]) > 0\n' +
      'or increase(weir_monitor_config_reloads_total{result="refused"}[15m]) > 0',
    keepFiringMinutes: 15,
    severity: "warning",
    summary: "A changed configuration was refused; the old one stays in force.",
    description: "{{ $labels.instance }} refused it; its log says what is wrong.",
  },
  {
    name: "WeirCheckpointStale",
    expr: "weir_agent_checkpoint_age_seconds > 300\n" +
      "and on (instance) sum by (instance) (rate(weir_agent_acknowledged_lines_total[5m])) > 0",
    forMinutes: 15,
    severity: "warning",
    summary: "Lines are delivered, but the checkpoint is not written.",
    description:
      "The checkpoint of {{ $labels.instance }} is {{ $value | humanizeDuration }} old: " +
      "after a restart that much would be sent again.",
  },
];

const transfer: AlertSpec[] = [
  down("WeirTransferDown", "weir-transfer", "weir-transfer"),
  {
    name: "WeirBufferNearlyFull",
    expr: "weir_transfer_channel_bytes / weir_transfer_channel_bytes_max >= 0.8\n" +
      "or weir_transfer_channel_lines / weir_transfer_channel_lines_max >= 0.8",
    forMinutes: 15,
    severity: "warning",
    summary: "Elasticsearch takes lines more slowly than Kafka gives them.",
    description: "{{ $labels.instance }} holds {{ $value | humanizePercentage }} of what it may.",
  },
  {
    name: "WeirTransferBulkRejected",
    expr: "sum by (instance, code) (increase(weir_transfer_failures_total[5m])) > 0",
    forMinutes: 15,
    severity: "warning",
    summary: "Elasticsearch refuses or does not answer bulk requests.",
    description:
      "{{ $labels.instance }}: {{ $value }} requests failed with {{ $labels.code }} in " +
      "5 minutes.",
  },
  {
    name: "WeirDeadLetterGrowing",
    expr: "sum by (instance, code) (increase(weir_transfer_dead_letters_total[15m])) > 0",
    keepFiringMinutes: 15,
    severity: "warning",
    summary: "Documents go to the dead letters.",
    description: "{{ $labels.instance }}: {{ $value }} in 15 minutes with {{ $labels.code }}.",
  },
  {
    name: "WeirIndexDelayHigh",
    expr:
      "histogram_quantile(0.99, sum by (instance, le) (rate(weir_transfer_delay_seconds_bucket[5m]))) > 60",
    forMinutes: 15,
    severity: "warning",
    summary: "Lines can be found more than a minute after they came to Kafka.",
    description:
      "{{ $labels.instance }}: {{ $value | humanizeDuration }} for one request in a hundred.",
  },
  {
    name: "WeirCommitsFail",
    expr: 'increase(weir_transfer_commits_total{result="failed"}[15m]) > 0',
    forMinutes: 15,
    severity: "warning",
    summary: "Offsets cannot be committed.",
    description:
      "{{ $labels.instance }} would read {{ $value }} commits' worth again after a restart.",
  },
];

const kafka: AlertSpec[] = [
  {
    name: "KafkaLagKeepsIncreasing",
    expr: "sum by (job, consumergroup, topic) (delta(kafka_consumergroup_lag[5m])) > 0",
    forMinutes: 15,
    keepFiringMinutes: 10,
    severity: "warning",
    summary: "The lag of a consumer group keeps growing.",
    description:
      "{{ $labels.consumergroup }} falls back on {{ $labels.topic }}: {{ $value }} records " +
      "in 5 minutes.",
  },
  {
    name: "KafkaLagIsTooHigh",
    expr: "sum by (job, consumergroup, topic) (kafka_consumergroup_lag) > 100000",
    forMinutes: 15,
    keepFiringMinutes: 5,
    severity: "critical",
    summary: "A consumer group is far behind.",
    description:
      "{{ $labels.consumergroup }} is {{ $value }} records behind on {{ $labels.topic }}.",
  },
];

const monitor: AlertSpec[] = [
  down("WeirMonitorDown", "node", "weir-monitor"),
  {
    name: "WeirMonitorPointsDropped",
    expr: 'increase(weir_monitor_sink_points_total{result=~"dropped|rejected"}[15m]) > 0',
    keepFiringMinutes: 15,
    severity: "warning",
    summary: "Host figures do not reach InfluxDB.",
    description: "{{ $labels.instance }}: {{ $value }} points {{ $labels.result }} in 15 minutes.",
  },
  {
    name: "WeirMonitorSeriesDropped",
    expr: "increase(weir_monitor_series_dropped_total[15m]) > 0",
    keepFiringMinutes: 15,
    severity: "warning",
    summary: "A host has more series than prometheus.seriesMax.",
    description: "{{ $labels.instance }} left {{ $value }} series off its pages in 15 minutes.",
  },
];

export const pipelineRules: readonly RuleGroup[] = [
  { name: "weir-agent", dashboard: "weir-pipeline", rules: agent },
  { name: "weir-transfer", dashboard: "weir-pipeline", rules: transfer },
  { name: "weir-kafka", dashboard: "weir-pipeline", rules: kafka },
  { name: "weir-monitor", dashboard: "weir-hosts-prometheus", rules: monitor },
];
