/**
 * For every alert: figures with which it must fire, and figures near them with which it must not.
 * Values are promtool's notation, one a minute: "0+5x90" is 0, 5, 10, …
 */
export interface AlertCase {
  alert: string;
  /** Series → values with which it fires. */
  fires: Record<string, string>;
  /** Changes to them with which it stays quiet; a series with "" is left out. */
  quiet: Record<string, string>;
  /** Severities that fire. */
  severities: readonly string[];
  /** Minutes after the beginning at which it fires at the latest. */
  atMinutes: number;
  /** Minutes after the beginning at which it must not fire yet; 0 is not asked. */
  notBeforeMinutes: number;
}

const host = (metric: string, labels = "") =>
  `${metric}{job="node",instance="h:9464"${labels === "" ? "" : `,${labels}`}}`;
const disk = 'device="/dev/vda1",fstype="ext4",mountpoint="/"';
const fs = (metric: string) => host(`node_filesystem_${metric}`, disk);
const flat = (value: number) => `${value}x600`;

function filling(alert: string, left: string, size: string): AlertCase[] {
  const base = { [fs(size)]: flat(1000), [fs("readonly")]: flat(0) };
  return [
    {
      alert,
      // Half a thousandth less every minute: 32 % after an hour, and 11 hours left.
      fires: { ...base, [fs(left)]: "350-0.5x600" },
      quiet: { [fs(left)]: flat(150) },
      severities: ["warning"],
      atMinutes: 61,
      notBeforeMinutes: 59,
    },
    {
      alert,
      // Below a fifth after 50 minutes, with an hour and a half left.
      fires: { ...base, [fs(left)]: "300-2x140" },
      quiet: { [fs("readonly")]: flat(1) },
      severities: ["warning", "critical"],
      atMinutes: 115,
      notBeforeMinutes: 59,
    },
  ];
}

function almostOut(alert: string, left: string, size: string, forMinutes: number): AlertCase[] {
  const base = { [fs(size)]: flat(1000), [fs("readonly")]: flat(0) };
  return [
    {
      alert,
      fires: { ...base, [fs(left)]: flat(45) },
      quiet: { [fs(left)]: flat(55) },
      severities: ["warning"],
      atMinutes: forMinutes,
      notBeforeMinutes: forMinutes - 1,
    },
    {
      alert,
      fires: { ...base, [fs(left)]: flat(25) },
      quiet: { [fs("readonly")]: flat(1) },
      severities: ["warning", "critical"],
      atMinutes: forMinutes,
      notBeforeMinutes: forMinutes - 1,
    },
  ];
}

function errors(alert: string, direction: string): AlertCase {
  const of = (what: string) => host(`node_network_${direction}_${what}_total`, 'device="eth0"');
  return {
    alert,
    fires: { [of("errs")]: "0+2x90", [of("packets")]: "0+100x90" },
    quiet: { [of("errs")]: "0+1x90", [of("packets")]: "0+101x90" },
    severities: ["warning"],
    atMinutes: 62,
    notBeforeMinutes: 59,
  };
}

/** One gauge or counter that is too high. */
function one(
  alert: string,
  series: string,
  [high, low]: [string, string],
  more: Partial<AlertCase> & { with?: Record<string, string> } = {},
): AlertCase {
  const { with: others = {}, ...rest } = more;
  return {
    alert,
    fires: { ...others, [series]: high },
    quiet: { [series]: low },
    severities: ["warning"],
    atMinutes: 20,
    notBeforeMinutes: 14,
    ...rest,
  };
}

const idle = (cpu: number) => host("node_cpu_seconds_total", `cpu="${cpu}",mode="idle"`);
const user = (cpu: number) => host("node_cpu_seconds_total", `cpu="${cpu}",mode="user"`);
const offset = host("node_timex_offset_seconds");
const fd = { [host("node_filefd_maximum")]: flat(1000) };

const md = (metric: string, labels = "") =>
  host(metric, `device="md0"${labels === "" ? "" : `,${labels}`}`);

export const hostCases: readonly AlertCase[] = [
  ...filling("NodeFilesystemSpaceFillingUp", "avail_bytes", "size_bytes"),
  ...almostOut("NodeFilesystemAlmostOutOfSpace", "avail_bytes", "size_bytes", 30),
  ...filling("NodeFilesystemFilesFillingUp", "files_free", "files"),
  ...almostOut("NodeFilesystemAlmostOutOfFiles", "files_free", "files", 60),
  errors("NodeNetworkReceiveErrs", "receive"),
  errors("NodeNetworkTransmitErrs", "transmit"),
  one("NodeHighNumberConntrackEntriesUsed", host("node_nf_conntrack_entries"), [
    flat(760),
    flat(750),
  ], {
    with: { [host("node_nf_conntrack_entries_limit")]: flat(1000) },
    atMinutes: 1,
    notBeforeMinutes: 0,
  }),
  one("NodeClockSkewDetected", offset, ["0.06+0.001x60", "0.2-0.001x60"], { notBeforeMinutes: 9 }),
  one("NodeClockSkewDetected", offset, ["-0.06-0.001x60", flat(0.04)], { notBeforeMinutes: 9 }),
  one("NodeClockNotSynchronising", host("node_timex_sync_status"), [flat(0), flat(1)], {
    with: { [host("node_timex_maxerror_seconds")]: flat(16) },
    notBeforeMinutes: 9,
  }),
  one("NodeFileDescriptorLimit", host("node_filefd_allocated"), [flat(750), flat(700)], {
    with: fd,
  }),
  one("NodeFileDescriptorLimit", host("node_filefd_allocated"), [flat(950), flat(100)], {
    with: fd,
    severities: ["warning", "critical"],
  }),
  {
    alert: "NodeCPUHighUsage",
    fires: { [idle(0)]: "0+3x60", [user(0)]: "0+57x60", [idle(1)]: "0+5x60", [user(1)]: "0+55x60" },
    quiet: { [idle(0)]: "0+40x60", [user(0)]: "0+20x60" },
    severities: ["info"],
    atMinutes: 20,
    notBeforeMinutes: 14,
  },
  one("NodeSystemSaturation", host("node_load1"), [flat(4.1), flat(4)], {
    with: { [idle(0)]: "0+1x60", [idle(1)]: "0+1x60" },
  }),
  one("NodeMemoryMajorPagesFaults", host("node_vmstat_pgmajfault"), ["0+30600x60", "0+29000x60"]),
  one("NodeMemoryHighUtilization", host("node_memory_MemAvailable_bytes"), [flat(99), flat(101)], {
    with: { [host("node_memory_MemTotal_bytes")]: flat(1000) },
  }),
  one(
    "NodeDiskIOSaturation",
    host("node_disk_io_time_weighted_seconds_total", 'device="vda"'),
    ["0+660x60", "0+590x60"],
    { atMinutes: 35, notBeforeMinutes: 29 },
  ),
  one(
    "NodeRAIDDegraded",
    md("node_md_disks", 'state="active"'),
    [flat(1), flat(2)],
    { with: { [md("node_md_disks_required")]: flat(2) }, severities: ["critical"] },
  ),
  one("NodeRAIDDiskFailure", md("node_md_disks", 'state="failed"'), [flat(1), flat(0)], {
    notBeforeMinutes: 0,
  }),
  one("NodeBondingDegraded", host("node_bonding_active", 'master="bond0"'), [flat(1), flat(2)], {
    with: { [host("node_bonding_slaves", 'master="bond0"')]: flat(2) },
    notBeforeMinutes: 4,
  }),
  one("NodeTextFileCollectorScrapeError", host("node_textfile_scrape_error"), [flat(1), flat(0)], {
    notBeforeMinutes: 0,
  }),
];

const agent = (metric: string, labels = "") =>
  `weir_agent_${metric}{job="weir-agent",instance="a:9463"${labels === "" ? "" : `,${labels}`}}`;
const transfer = (metric: string, labels = "") =>
  `weir_transfer_${metric}{job="weir-transfer",instance="t:9465"${
    labels === "" ? "" : `,${labels}`
  }}`;
const lag =
  'kafka_consumergroup_lag{job="weir-transfer",instance="t:9465",consumergroup="g",topic="app",partition="0"}';
const critical = { severities: ["critical"] };
const lines = agent("acknowledged_lines_total", 'topic="app"');

function down(alert: string, job: string): AlertCase {
  return one(alert, `up{job="${job}",instance="i:1"}`, [flat(0), "0 0 0 0 1 0 0 0 0"], {
    ...critical,
    atMinutes: 5,
    notBeforeMinutes: 4,
  });
}

/** A counter that grew once: the alert fires at once and goes on. */
function grew(alert: string, series: string, more: Partial<AlertCase> = {}): AlertCase {
  return one(alert, series, ["0 0 0 1x60", flat(1)], {
    atMinutes: 4,
    notBeforeMinutes: 2,
    ...more,
  });
}

export const pipelineCases: readonly AlertCase[] = [
  down("WeirAgentDown", "weir-agent"),
  down("WeirTransferDown", "weir-transfer"),
  down("WeirMonitorDown", "node"),
  one("WeirAgentSilentSource", lines, ["0+10x100 1000x200", "0+10x300"], {
    severities: ["info"],
    atMinutes: 180,
    notBeforeMinutes: 159,
  }),
  one("WeirSourceLagGrowing", agent("lag_bytes", 'topic="app"'), ["20e6+1e6x90", "200e6-1e6x90"]),
  one("WeirRotatedFilesUnread", agent("rotated_unread_bytes", 'state="renamed"'), [
    "1e6-1e4x90",
    "1e6-1e6x1 0x90",
  ]),
  grew("WeirEventsDropped", agent("unread_bytes_total"), critical),
  grew("WeirEventsDropped", transfer("lost_records_total", 'topic="app"'), critical),
  one("WeirSendErrors", agent("send_failures_total", 'code="KAFKA_DOWN"'), ["0+1x60", flat(7)]),
  grew("WeirConfigReloadFailed", agent("config_reloads_total", 'result="refused"')),
  grew("WeirConfigReloadFailed", agent("config_reloads_total", 'result="refused"'), {
    quiet: {
      [agent("config_reloads_total", 'result="refused"')]: "",
      [agent("config_reloads_total", 'result="applied"')]: "0+1x60",
    },
  }),
  grew(
    "WeirConfigReloadFailed",
    'weir_monitor_config_reloads_total{job="node",instance="h:9464",result="refused"}',
  ),
  one("WeirCheckpointStale", agent("checkpoint_age_seconds"), [flat(400), flat(200)], {
    with: { [lines]: "0+10x60" },
  }),
  one("WeirCheckpointStale", agent("checkpoint_age_seconds"), [flat(400), flat(400)], {
    with: { [lines]: "0+10x60" },
    quiet: { [lines]: flat(10) },
  }),
  one("WeirBufferNearlyFull", transfer("channel_bytes"), [flat(80), flat(79)], {
    with: { [transfer("channel_bytes_max")]: flat(100) },
  }),
  one("WeirBufferNearlyFull", transfer("channel_lines"), [flat(80), flat(79)], {
    with: { [transfer("channel_lines_max")]: flat(100) },
  }),
  one("WeirTransferBulkRejected", transfer("failures_total", 'code="ELASTIC_BUSY"'), [
    "0+1x60",
    flat(3),
  ]),
  grew("WeirDeadLetterGrowing", transfer("dead_letters_total", 'code="mapping"')),
  {
    alert: "WeirIndexDelayHigh",
    fires: {
      [transfer("delay_seconds_bucket", 'le="60"')]: "0+90x60",
      [transfer("delay_seconds_bucket", 'le="300"')]: "0+100x60",
      [transfer("delay_seconds_bucket", 'le="+Inf"')]: "0+100x60",
    },
    quiet: { [transfer("delay_seconds_bucket", 'le="60"')]: "0+100x60" },
    severities: ["warning"],
    atMinutes: 20,
    notBeforeMinutes: 14,
  },
  one("WeirCommitsFail", transfer("commits_total", 'result="failed"'), ["0+1x60", flat(5)]),
  one("KafkaLagKeepsIncreasing", lag, ["100+10x60", "1000-10x60"]),
  one("KafkaLagIsTooHigh", lag, [flat(100_001), flat(100_000)], critical),
  grew(
    "WeirMonitorPointsDropped",
    'weir_monitor_sink_points_total{job="node",instance="h:9464",sink="influx",result="dropped"}',
  ),
  grew("WeirMonitorPointsDropped", 'weir_monitor_sink_points_total{job="node",result="rejected"}', {
    quiet: {
      'weir_monitor_sink_points_total{job="node",result="rejected"}': "",
      'weir_monitor_sink_points_total{job="node",result="written"}': "0+5x60",
    },
  }),
  grew("WeirMonitorSeriesDropped", 'weir_monitor_series_dropped_total{job="node",instance="h"}'),
];
