/**
 * How each command of the documents is run by the test, or why it is not. Keys are the commands as they stand there. An
 * entry that no document needs any more is a failure, and so is a command without one.
 */

export type Play =
  /** Run to its end. */
  | {
    kind: "once";
    /** @default the clean Debian system in which the packages are installed */
    on?: "this machine";
    /** Exit code. @default 0 */
    code?: number;
    /** Part of what it prints; it is run again until it does. */
    says?: RegExp;
    /** Further options: addresses that the document leaves at their default. */
    with?: string;
  }
  /** Started, and ended by SIGTERM with exit code 0 behind the last command of its block. */
  | { kind: "service"; ready: RegExp; with?: string; on?: "the checkout" }
  /** systemctl: the unit's user, groups, folders and command without systemd as process 1. */
  | { kind: "unit"; name: string }
  /** Another test runs it. */
  | { kind: "test"; file: string }
  | { kind: "not"; why: string };

const once = (more: Partial<Play & { kind: "once" }> = {}): Play => ({ kind: "once", ...more });
const here = (more: Partial<Play & { kind: "once" }> = {}): Play =>
  once({ on: "this machine", ...more });
const service = (ready: RegExp, more = ""): Play => ({ kind: "service", ready, with: more });
const test = (file: string): Play => ({ kind: "test", file });
const not = (why: string): Play => ({ kind: "not", why });

const PAGE = /Weir is at {2}(http\S+)/;
const LISTENING = /"?Listening"?/;
const UP = "--listen 127.0.0.1:0 --data /srv/site/up";
const COMPOSE = test("test/docker/compose_test.ts");
const STACK = test("test/deploy/stack_test.ts");
const PACKAGES = test("test/deploy/packages_test.ts");
const JOURNAL = test("test/cli/journal_test.ts");
const ARCHIVE = test("test/transfer/archive_test.ts");
const ARCHIVED = test("test/cli/archive_search_test.ts");
const ROLES = test("test/control/roles_test.ts");
const SELFTEST = test("test/faults/selftest_test.ts");
const TOP = test("test/control/top_test.ts");
const RUN = not("it is what runs this test");
const CLUSTER = not("there is no Kubernetes; test/deploy/kubernetes_test.ts checks the objects");
const ACL = not("needs a broker with an authorizer and a user for each program");

export const PLAYS: Readonly<Record<string, Play>> = {
  // README.md
  "npm ci && npm start": { kind: "service", ready: PAGE, on: "the checkout" },
  "npm test": RUN,
  "weir-agent --config agent.yaml": service(LISTENING),
  "weir-transfer --config transfer.yaml": service(LISTENING),
  "weir-monitor": service(LISTENING),
  "weir page --index 'weir-*'": service(PAGE, "--listen 127.0.0.1:0 --elasticsearch {elastic}"),
  "weir search --url http://127.0.0.1:7700 level:error": once({ says: /payment refused/ }),
  'etcdctl put /logagent/10.0.0.7/collect_config \'[{"path": "/var/log/nginx/*.log", "topic": "web_log"}]\'':
    here({ says: /^OK/ }),

  // CONTRIBUTING.md
  "npm ci": RUN,
  "npm run ok": RUN,

  // docs/archive.md
  "weir archive list [TOPIC] --config transfer.yaml": ARCHIVE,
  "weir archive check TOPIC --config transfer.yaml": ARCHIVE,
  "weir up --archive /srv/archive": ARCHIVED,
  "weir search --archive --since 2026-03-01 --until 2026-03-02 'topic:web_log level:error'":
    ARCHIVED,
  "weir restore TOPIC 2026-11-19 --config transfer.yaml": ARCHIVE,

  // docs/audit.md
  "weir audit": once({ with: "{ledger}", says: /acknowledged/ }),
  "weir audit --topic web_log --since 1d": once({ with: "{ledger}", says: /acknowledged/ }),
  "weir audit --host web1 --file '/var/log/nginx/*' --json": once({
    with: "{ledger}",
    says: /^\{/,
  }),
  "weir audit --url http://127.0.0.1:7700": test("test/cli/audit_test.ts"),
  "weir audit --repair": once({ with: "{ledger}" }),
  "weir resend /var/log/nginx/access.log": once({ with: "--ledger {topic}-ledger" }),

  // docs/operations/docker.md
  "docker compose -f deploy/docker-compose.yml --profile full up --build --wait": COMPOSE,
  "HOST_LOG=/var/log docker compose -f deploy/docker-compose.yml --profile core up --build --wait":
    COMPOSE,
  "docker compose -f deploy/docker-compose.yml exec etcd /usr/local/bin/etcdctl get --prefix /logagent/":
    COMPOSE,
  "docker compose -f deploy/docker-compose.yml -f deploy/docker-compose.three.yml --profile core up --build --wait":
    COMPOSE,
  "npm run stack -- up": STACK,
  "npm run stack -- status": STACK,
  "npm run stack -- logs weir-transfer": STACK,
  "npm run stack -- down": STACK,

  // docs/operations/fleet.md
  "weir page --config page.yaml": service(PAGE),
  "weir user ana --role operator": once({ says: /ana/ }),
  "weir user kim --topic web_log shop": once({ says: /kim/ }),
  "weir user grafana --token": once({ says: /grafana/ }),
  "weir top": TOP,
  "weir top --once": TOP,

  // docs/operations/install.md
  "npm ci && npm run build && npm run packages": PACKAGES,
  "sudo dpkg -i dist/packages/weir-agent_*.deb": PACKAGES,
  "weir-agent --config /etc/weir/agent.yaml --check-config": once({ says: /settings are right/ }),
  "sudo systemctl enable --now weir-agent": { kind: "unit", name: "weir-agent" },
  "curl http://127.0.0.1:9463/readyz": here({ says: /ready/ }),
  "chmod +x weir-agent-linux-x64 && ./weir-agent-linux-x64 --config agent.yaml": service(LISTENING),
  "sha256sum -c SHA256SUMS": once({ says: /OK/ }),
  "mkdir -p ~/.local/share/bash-completion/completions ~/.config/fish/completions": once(),
  "weir completion bash > ~/.local/share/bash-completion/completions/weir": once(),
  "weir completion bash weir-agent > ~/.local/share/bash-completion/completions/weir-agent": once(),
  "weir completion fish > ~/.config/fish/completions/weir.fish": once(),
  "weir completion zsh > /usr/local/share/zsh/site-functions/_weir": once(),
  "sudo -u weir weir-agent --config /etc/weir/agent.yaml --dry-run": once({ says: /nginx/ }),
  "weir-agent --dry-run --entries new.json --json": once({ says: /^\{/ }),

  "weir validate --as collect new.json": once({ says: /right/ }),
  "weir config diff host/10.0.0.7 new.json": once({ says: /app\.log/, code: 1 }),
  "weir config set host/10.0.0.7 new.json": once(),
  "weir config history host/10.0.0.7": once({ says: /\d{4}-\d\d-\d\d/ }),
  "weir config rollback host/10.0.0.7": once(),

  // docs/operations/kibana.md
  "curl -H 'kbn-xsrf: weir' -F file=@deploy/kibana/objects.ndjson 'http://127.0.0.1:5601/api/saved_objects/_import?overwrite=true'":
    not("Kibana cannot be had; test/deploy/kibana_test.ts checks the objects"),
  "weir page --kibana-url https://kibana.example.com --grafana-url https://grafana.example.com":
    service(PAGE, "--listen 127.0.0.1:0 --elasticsearch {elastic}"),

  // docs/operations/kubernetes.md
  "kubectl apply -f deploy/kubernetes/namespace.yaml": CLUSTER,
  "kubectl apply -f deploy/kubernetes/": CLUSTER,
  'etcdctl put /logagent/kubernetes/collect_config \'[{"path": "/var/log/pods/**/*.log", "topic": "pods"}]\'':
    here({ says: /^OK/ }),

  // docs/operations/security.md
  "kafka-acls.sh --bootstrap-server kafka1:9093 --add --allow-principal User:weir-agent --operation Write --operation Describe --topic web_log":
    ACL,
  "kafka-acls.sh --bootstrap-server kafka1:9093 --add --allow-principal User:weir-transfer --operation Read --topic web_log --group weir-transfer":
    ACL,
  "weir up --listen 0.0.0.0:7700 --password-file /etc/weir/page-password": service(
    PAGE,
    "--data /srv/site/up --token-file /srv/site/.weir-token /var/log/app.log",
  ),
  "weir search level:error --url http://logs:7700 --token-file ~/.weir-token": once({
    says: /disk full/,
  }),

  "weir etcd roles --config root.yaml": ROLES,
  "weir etcd roles --print": once({ says: /role grant-permission weir-agent/ }),
  "weir etcd roles --host 10.0.0.7 --groups web,db --id ID": ROLES,

  // docs/operations/troubleshooting.md
  "weir validate /etc/weir/agent.yaml": once({ says: /right/ }),
  "weir transfer --dry-run --help": once({ says: /--topic/ }),
  "weir dead-letters list --limit 5": once(),

  // docs/operations/upkeep.md
  "weir up --keep-days 14 --keep-gb 50": service(PAGE, UP),

  // docs/record-format.md: the second, with awk, is longer than a key should be.
  "kcat -b 127.0.0.1:9092 -t web_log -C -o beginning -e -f '%k %h %s\\n'": here({
    says: /payment refused/,
  }),
  "kcat … awk": test("test/transfer/record_format_test.ts"),

  // docs/reliability.md
  "npm run test:faults -- --faults 100 --lines 2000000 --seed 11": test(
    "test/faults/faults_test.ts",
  ),
  "npm run test:faults -- --runs 5 --faults 74 --lines 1000000 --seed 31": test(
    "test/faults/faults_test.ts",
  ),
  "npm run test:faults -- --at-once 2": test("test/faults/faults_test.ts"),
  'npm run test:faults -- --only "packets" --faults 8': test("test/faults/lossy_link_test.ts"),
  "weir selftest": SELFTEST,
  "weir selftest --chaos --folder /var/tmp": SELFTEST,
  "weir selftest --chaos --kafka kafka1:9092 --elasticsearch http://es1:9200": SELFTEST,
  "weir selftest --agent-config /etc/weir/agent.yaml --transfer-config /etc/weir/transfer.yaml --json":
    SELFTEST,

  // docs/up.md
  "weir up": service(PAGE, UP),
  "weir up /srv/app/log 'logs/**/*.log'": service(PAGE, UP),
  "weir up --journal app.log": JOURNAL,
  "weir up --journal-dir /mnt/disk/journal": JOURNAL,
};

/** The key of a command. */
export function keyOf(text: string): string {
  return text.startsWith("kcat") && text.includes("awk") ? "kcat … awk" : text;
}
