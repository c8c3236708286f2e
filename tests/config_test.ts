import assert from "node:assert/strict";

import {
  type Config,
  CONFIG_KEYS,
  CONFIG_VARIABLES,
  flagOf,
  type KeyName,
  loadConfig,
  mongoUri,
  parseConfig,
  type ParseConfigOptions,
  variableOf,
} from "../lib/config.ts";
import { parseYaml } from "../lib/config_yaml.ts";
import { AppError } from "../lib/errors.ts";
import { run } from "./support/child.ts";
import { repositoryRoot } from "./support/compiled.ts";
import { tempDir } from "./support/wait.ts";

const DAY_MS = 86_400_000;

/** Files that hold secrets. */
const secretFiles: Readonly<Record<string, string>> = {
  "tokens.txt": "first-token\n\nsecond-token\n",
  "token.txt": "token-from-file\n",
  "password.txt": "p@ss/word\n",
  "uri.txt": "mongodb://from-file/\n",
  "empty.txt": "\n",
  "short.txt": "short\n",
};

function parse(text: string | undefined, options: ParseConfigOptions = {}): Config {
  const readText = (path: string): string => {
    const content = secretFiles[path];
    if (content === undefined) throw new Deno.errors.NotFound("No such file or directory");
    return content;
  };
  return parseConfig(text, { readText, ...options });
}

/** The lines of the error that parsing ends with. */
function problemsOf(text: string | undefined, options: ParseConfigOptions = {}): string[] {
  try {
    parse(text, options);
  } catch (error) {
    assert.ok(error instanceof AppError, String(error));
    assert.equal(error.code, "invalid");
    return error.message.split("\n");
  }
  return [];
}

Deno.test("parseConfig() has a default for everything", () => {
  assert.deepEqual(parse(undefined), {
    file: undefined,
    server: {
      address: "127.0.0.1",
      port: 8443,
      route: "/events",
      externalUrl: undefined,
      trustedProxies: [],
      cors: [],
      ssl: { cert: "certs/domain.crt", certKey: "certs/domain.key", names: [] },
    },
    sqlite: { path: "data/drec.db" },
    dialInfo: undefined,
    collection: "registry-stats",
    auth: { ingest: "unset", read: "unset", admin: "unset" },
    blobs: "ignore",
    onRepositoryDelete: "remove",
    consumers: [],
    retention: {
      idsMs: 90 * DAY_MS,
      eventsMs: 14 * DAY_MS,
      daysMs: 800 * DAY_MS,
      tagDaysMs: 90 * DAY_MS,
      deletedMs: 90 * DAY_MS,
      quarantineMs: 30 * DAY_MS,
    },
    limits: { bodyBytes: 33_554_432, bodiesInFlightBytes: 134_217_728, queue: 10_000 },
    privacy: { actors: "keep", addresses: "keep" },
    metrics: { repositories: 100, allow: [] },
    stars: { userHeader: undefined },
    log: { level: "info", format: "auto" },
    warnings: [],
  });
});

Deno.test("parseConfig() reads the file of 2015 as it is", () => {
  const config = parse(`
server:
  address: "0.0.0.0"
  port: 8443
  route: "/events"
  ssl:
    cert: certs/domain.crt
    cert_key: certs/domain.key
dial_info:
  addrs: ["mongo-host"]
  timeout: "30s"
  database: "docker-registry-db"
  user: ""
  password_file: ""
collection: "registry-stats"
`);
  assert.equal(config.file, "config.yml");
  assert.equal(config.server.address, "0.0.0.0");
  assert.equal(config.server.port, 8443);
  assert.equal(config.server.route, "/events");
  assert.deepEqual(config.server.ssl, {
    cert: "certs/domain.crt",
    certKey: "certs/domain.key",
    names: [],
  });
  assert.deepEqual(config.dialInfo, {
    uri: undefined,
    addrs: ["mongo-host"],
    timeoutMs: 30_000,
    database: "docker-registry-db",
    user: undefined,
    password: undefined,
    authSource: undefined,
    replicaSet: undefined,
    tls: false,
    tlsCaFile: undefined,
  });
  assert.equal(config.collection, "registry-stats");
  assert.deepEqual(config.warnings, []);
});

Deno.test("parseConfig() takes flag over environment over file over default", () => {
  const file = "server: { port: 1 }";
  const env = { DREC_SERVER_PORT: "2" };
  const flags = { "server.port": "3" };
  const cases: [string, string | undefined, ParseConfigOptions, number][] = [
    ["default", undefined, {}, 8443],
    ["file", file, {}, 1],
    ["environment", file, { env }, 2],
    ["environment without file", undefined, { env }, 2],
    ["flag", file, { env, flags }, 3],
    ["flag over file", file, { flags }, 3],
    ["empty flag", file, { env, flags: { "server.port": "" } }, 2],
    ["empty variable", file, { env: { DREC_SERVER_PORT: "" } }, 1],
    ["blank variable", file, { env: { DREC_SERVER_PORT: " " } }, 1],
    ["empty key", "server: { port: }", {}, 8443],
    ["empty text", 'server: { port: "" }', {}, 8443],
    ["empty section", "server:", {}, 8443],
    ["nothing but comments", "# server:\n", {}, 8443],
    ["empty file", "", {}, 8443],
  ];
  for (const [name, text, options, want] of cases) {
    assert.equal(parse(text, options).server.port, want, name);
  }
});

/** For each key a value in YAML, the same as the text of a variable or flag, what it leads to. */
const samples: Readonly<Record<KeyName, [string, string, (config: Config) => unknown, unknown]>> = {
  "server.address": ["'::1'", "::1", ({ server }) => server.address, "::1"],
  "server.port": ["0", "0", ({ server }) => server.port, 0],
  "server.route": ["/in/", "/in/", ({ server }) => server.route, "/in"],
  "server.external_url": [
    "https://Drec.example:443/",
    "https://Drec.example:443/",
    ({ server }) => server.externalUrl,
    "https://drec.example",
  ],
  "server.trusted_proxies": [
    "[10.0.0.1, 'fd00::/8']",
    "10.0.0.1, fd00::/8",
    ({ server }) => server.trustedProxies,
    ["10.0.0.1", "fd00::/8"],
  ],
  "server.cors": [
    "['*', 'https://app.example']",
    "*,https://app.example",
    ({ server }) => server.cors,
    ["*", "https://app.example"],
  ],
  "server.ssl": ["off", "off", ({ server }) => server.ssl, "off"],
  "server.ssl.cert": ["a.crt", "a.crt", ({ server }) => certOf(server.ssl), "a.crt"],
  "server.ssl.cert_key": ["a.key", "a.key", ({ server }) => keyOf(server.ssl), "a.key"],
  "server.ssl.names": [
    "['*.example', 192.0.2.7]",
    "*.example,192.0.2.7",
    ({ server }) => server.ssl !== "off" && server.ssl.names,
    ["*.example", "192.0.2.7"],
  ],
  "sqlite.path": ["x.db", "x.db", ({ sqlite }) => sqlite.path, "x.db"],
  "dial_info.uri": [
    "mongodb+srv://h/",
    "mongodb+srv://h/",
    ({ dialInfo }) => dialInfo?.uri,
    "mongodb+srv://h/",
  ],
  "dial_info.addrs": [
    "[a, 'b:27018', '[::1]:27017']",
    "a,b:27018,[::1]:27017",
    ({ dialInfo }) => dialInfo?.addrs,
    ["a", "b:27018", "[::1]:27017"],
  ],
  "dial_info.timeout": ["5s", "5s", ({ dialInfo }) => dialInfo?.timeoutMs, 5000],
  "dial_info.database": ["d", "d", ({ dialInfo }) => dialInfo?.database, "d"],
  "dial_info.user": ["u", "u", ({ dialInfo }) => dialInfo?.user, "u"],
  "dial_info.password_file": [
    "password.txt",
    "password.txt",
    ({ dialInfo }) => dialInfo?.password,
    "p@ss/word",
  ],
  "dial_info.auth_source": ["admin", "admin", ({ dialInfo }) => dialInfo?.authSource, "admin"],
  "dial_info.replica_set": ["rs0", "rs0", ({ dialInfo }) => dialInfo?.replicaSet, "rs0"],
  "dial_info.tls": ["true", "true", ({ dialInfo }) => dialInfo?.tls, true],
  "dial_info.tls_ca_file": ["ca.pem", "ca.pem", ({ dialInfo }) => dialInfo?.tlsCaFile, "ca.pem"],
  "collection": ["stats", "stats", ({ collection }) => collection, "stats"],
  "auth.ingest": [
    "[{ token: abcdefgh }, { token: ijklmnop }]",
    "abcdefgh, ijklmnop",
    ({ auth }) => auth.ingest,
    [{ token: "abcdefgh" }, { token: "ijklmnop" }],
  ],
  "auth.read": ["none", "none", ({ auth }) => auth.read, "none"],
  "auth.admin": [
    "[{ token_file: token.txt }]",
    "[{ token_file: token.txt }]",
    ({ auth }) => auth.admin,
    [{ token: "token-from-file" }],
  ],
  "blobs": ["count", "count", ({ blobs }) => blobs, "count"],
  "on_repository_delete": [
    "keep",
    "keep",
    ({ onRepositoryDelete }) => onRepositoryDelete,
    "keep",
  ],
  "consumers": [
    "[{ name: ci, actors: [bot] }]",
    '[{"name": "ci", "actors": ["bot"]}]',
    ({ consumers }) => consumers,
    [{ name: "ci", addresses: [], actors: ["bot"], useragents: [] }],
  ],
  "retention.ids": ["30d", "30d", ({ retention }) => retention.idsMs, 30 * DAY_MS],
  "retention.events": ["36h", "36h", ({ retention }) => retention.eventsMs, 1.5 * DAY_MS],
  "retention.days": ["1d", "1d", ({ retention }) => retention.daysMs, DAY_MS],
  "retention.tag_days": ["2d", "2d", ({ retention }) => retention.tagDaysMs, 2 * DAY_MS],
  "retention.deleted": ["3d", "3d", ({ retention }) => retention.deletedMs, 3 * DAY_MS],
  "retention.quarantine": ["1w", "1w", ({ retention }) => retention.quarantineMs, 7 * DAY_MS],
  "limits.body": ["64MiB", "64MiB", ({ limits }) => limits.bodyBytes, 67_108_864],
  "limits.bodies_in_flight": [
    "1073741824",
    "1073741824",
    ({ limits }) => limits.bodiesInFlightBytes,
    1_073_741_824,
  ],
  "limits.queue": ["5", "5", ({ limits }) => limits.queue, 5],
  "privacy.actors": ["hash", "hash", ({ privacy }) => privacy.actors, "hash"],
  "privacy.addresses": ["drop", "drop", ({ privacy }) => privacy.addresses, "drop"],
  "metrics.repositories": ["0", "0", ({ metrics }) => metrics.repositories, 0],
  "metrics.allow": ["[a/b, c]", "a/b,c", ({ metrics }) => metrics.allow, ["a/b", "c"]],
  "stars.user_header": [
    "X-Forwarded-User",
    "X-Forwarded-User",
    ({ stars }) => stars.userHeader,
    "X-Forwarded-User",
  ],
  "log.level": ["debug", "debug", ({ log }) => log.level, "debug"],
  "log.format": ["json", "json", ({ log }) => log.format, "json"],
};

/** What a key needs beside it to have an effect. */
const companions: Partial<Record<KeyName, [string, string]>> = {
  "server.ssl.cert": ["server.ssl.cert_key", "b.key"],
  "server.ssl.cert_key": ["server.ssl.cert", "b.crt"],
  "dial_info.user": ["dial_info.password_file", "password.txt"],
  "dial_info.password_file": ["dial_info.user", "u"],
  "dial_info.auth_source": ["dial_info.user", "u"],
  "dial_info.tls_ca_file": ["dial_info.tls", "true"],
};

function certOf(ssl: Config["server"]["ssl"]): string {
  return ssl === "off" ? ssl : ssl.cert;
}

function keyOf(ssl: Config["server"]["ssl"]): string {
  return ssl === "off" ? ssl : ssl.certKey;
}

/** The same settings as YAML, nested. */
function yamlOf(settings: readonly (readonly [string, string])[]): string {
  const root: Record<string, unknown> = {};
  for (const [key, value] of settings) {
    const [last = "", ...sections] = key.split(".").toReversed();
    const section = sections.toReversed().reduce(
      (node, name) => (node[name] ??= {}) as Record<string, unknown>,
      root,
    );
    section[last] = parseYaml(value).value;
  }
  return JSON.stringify(root);
}

Deno.test("parseConfig() reads every key from file, environment and flag", async (t) => {
  for (const key of CONFIG_KEYS) {
    const [yaml, text, get, want] = samples[key];
    const isDetail = key.startsWith("dial_info.") && !/uri|addrs/.test(key);
    const beside: [KeyName, string][] = isDetail ? [["dial_info.addrs", "h"]] : [];
    const companion = companions[key];
    if (companion !== undefined) beside.push(companion as [KeyName, string]);
    if (key === "dial_info.auth_source") beside.push(["dial_info.password_file", "password.txt"]);
    const inYaml = beside.map(([name, value]): [string, string] => [
      name,
      name === "dial_info.addrs" ? `[${value}]` : value,
    ]);
    const inEnv = Object.fromEntries(beside.map(([name, value]) => [variableOf(name), value]));

    await t.step(key, () => {
      const file = parse(yamlOf([...inYaml, [key, yaml]]));
      assert.deepEqual(get(file), want);
      assert.notDeepEqual(get(parse(undefined)), want);
      const env = parse(undefined, { env: { ...inEnv, [variableOf(key)]: text } });
      assert.deepEqual({ ...env, file: "config.yml" }, file);
      const flags = parse(undefined, { env: inEnv, flags: { [key]: text } });
      assert.deepEqual(flags, env);
    });
  }
});

Deno.test("variableOf() and flagOf() follow from the key", () => {
  assert.equal(variableOf("server.ssl.cert_key"), "DREC_SERVER_SSL_CERT_KEY");
  assert.equal(flagOf("server.ssl.cert_key"), "--server-ssl-cert-key");
  assert.equal(new Set(CONFIG_KEYS.map(variableOf)).size, CONFIG_KEYS.length);
  assert.equal(new Set(CONFIG_KEYS.map(flagOf)).size, CONFIG_KEYS.length);
});

Deno.test("parseConfig() reads secrets from the environment and from files", () => {
  const cases: [Record<string, string>, (config: Config) => unknown, unknown][] = [
    [{ MONGODB_URI: "mongodb://h/" }, ({ dialInfo }) => dialInfo?.uri, "mongodb://h/"],
    [{ MONGODB_URI_FILE: "uri.txt" }, ({ dialInfo }) => dialInfo?.uri, "mongodb://from-file/"],
    [
      { DREC_DIAL_INFO_URI_FILE: "uri.txt" },
      ({ dialInfo }) => dialInfo?.uri,
      "mongodb://from-file/",
    ],
    [
      { DREC_AUTH_READ_FILE: "tokens.txt" },
      ({ auth }) => auth.read,
      [{ token: "first-token" }, { token: "second-token" }],
    ],
    [{ DREC_AUTH_INGEST: "none" }, ({ auth }) => auth.ingest, "none"],
    [
      { DREC_AUTH_INGEST: '[{"token": "abcdefgh", "registry": "main"}]' },
      ({ auth }) => auth.ingest,
      [{ token: "abcdefgh", registry: "main" }],
    ],
  ];
  for (const [env, get, want] of cases) assert.deepEqual(get(parse(undefined, { env })), want);
});

Deno.test("parseConfig() binds tokens to registries", () => {
  const { auth } = parse(`
auth:
  ingest:
    - token: kaiquoh3Aezoo9Ee
    - token_file: token.txt
      registry: main
  read: []
  admin: none
`);
  assert.deepEqual(auth, {
    ingest: [{ token: "kaiquoh3Aezoo9Ee" }, { token: "token-from-file", registry: "main" }],
    read: "unset",
    admin: "none",
  });
});

Deno.test("parseConfig() names file, line, key and remedy", async (t) => {
  const cases: [string, string, string[]][] = [
    ["unknown key", "server:\n  prot: 1", [
      'config.yml:2: server.prot: unknown key; did you mean "server.port"?',
    ]],
    ["key in the wrong place", "port: 1", [
      'config.yml:1: port: unknown key; did you mean "server.port"?',
    ]],
    ["key without a likeness", "privacy:\n  weather: 1", [
      "config.yml:2: privacy.weather: unknown key; privacy has actors, addresses",
    ]],
    ["unknown section", "\n\nretentoin:\n  ids: 1d", [
      'config.yml:3: retentoin: unknown key; did you mean "retention"?',
    ]],
    ["key with dots", "server.port: 1", [
      'config.yml:1: server.port: unknown key; write "server:" and indented below it "port:"',
    ]],
    [
      "prototype",
      "__proto__: 1\nconstructor: 2",
      [
        /config.yml:1: __proto__: unknown key; the top level has server, .*/,
        /config.yml:2: constructor: unknown key; .*/,
      ].map(String),
    ],
    ["twice", "blobs: count\nlog:\n  level: info\nblobs: ignore", [
      "config.yml:4: blobs: the key stands here twice, first in line 1; keep one of them",
    ]],
    ["section without keys", "privacy: keep", [
      "config.yml:1: privacy: expected keys below it: actors, addresses",
    ]],
    ["list for a section", "log: [info]", [
      "config.yml:1: log: expected keys below it: level, format",
    ]],
    [
      "no mapping at all",
      "- 1",
      [
        /config.yml:1: expected keys: server, sqlite, .*/,
      ].map(String),
    ],
    ["several documents", "blobs: count\n---\nblobs: count", [
      "config.yml:1: expected one YAML document, not several",
    ]],
    ["no YAML", "server:\n  port: [1", [
      "config.yml:2: cannot read YAML: unexpected end of the stream within a flow collection",
    ]],
    ["tab", "server:\n\tport: 1", [
      "config.yml:2: cannot read YAML: tab characters must not be used in indentation",
    ]],
    ["word for a number", "server:\n  port: eight", [
      'config.yml:2: server.port: expected a whole number from 0 to 65535, not "eight"',
    ]],
    ["number in quotes", 'server: { port: "1" }', [
      'config.yml:1: server.port: expected a whole number from 0 to 65535, not "1"; ' +
      "write it without quotes",
    ]],
    ["number for a text", "collection: 2015", [
      "config.yml:1: collection: expected the name of a MongoDB collection, not 2015; " +
      "write it in quotes",
    ]],
    ["fraction", "limits:\n  queue: 1.5", [
      "config.yml:2: limits.queue: expected a whole number from 1 to 10000000, not 1.5",
    ]],
    ["port beyond the last", "server: { port: 65536 }", [
      "config.yml:1: server.port: expected a whole number from 0 to 65535, not 65536",
    ]],
    ["mapping for a text", "sqlite:\n  path:\n    a: 1", [
      "config.yml:2: sqlite.path: expected the path of the database file, not a mapping",
    ]],
    ["text for a list", "metrics: { allow: a }", [
      'config.yml:1: metrics.allow: expected a list such as [a, b], not "a"',
    ]],
    ["duration without a unit", "retention:\n  ids: 90", [
      "config.yml:2: retention.ids: expected a duration with its unit (ms, s, m, h or d) " +
      "such as 30s or 90d, at most 24855d, not 90",
    ]],
    ["duration of nothing", "dial_info: { timeout: 0s }", [
      "config.yml:1: dial_info.timeout: expected a duration with its unit (ms, s, m, h or d) " +
      'such as 30s or 90d, at most 1h, not "0s"',
    ]],
    ["small size", "limits: { body: 1KiB }", [
      "config.yml:1: limits.body: expected a size such as 32MiB or 1GiB, from 1MiB to 256MiB, " +
      'not "1KiB"',
    ]],
    ["one of several", "blobs: yes", [
      'config.yml:1: blobs: expected ignore or count, not "yes"',
    ]],
    ["item of a list", "server:\n  trusted_proxies:\n    - 10.0.0.0/8\n    - 10.0.0.0/33", [
      "config.yml:4: server.trusted_proxies[1]: expected an address or a range such as " +
      '10.0.0.0/8 or 2001:db8::/32, not "10.0.0.0/33"',
    ]],
    ["reserved route", "server: { route: /metrics/x }", [
      "config.yml:1: server.route: expected a path such as /events that does not begin with " +
      '/-, /api, /badge, /docs, /metrics, /repositories, not "/metrics/x"',
    ]],
    ["external URL with a path", "server: { external_url: 'https://a/b' }", [
      "config.yml:1: server.external_url: expected a URL such as https://drec.example:8443, " +
      'without a path, not "https://a/b"',
    ]],
    ["address with a port", "server: { address: '127.0.0.1:80' }", [
      "config.yml:1: server.address: expected an IP address or a host name, without a port, " +
      'not "127.0.0.1:80"',
    ]],
    ["ssl neither off nor a section", "server: { ssl: true }", [
      "config.yml:1: server.ssl: expected `off`, or cert and cert_key below it, not true",
    ]],
    ["certificate without key", "server:\n  ssl:\n    cert: a.crt", [
      "config.yml:3: server.ssl.cert: needs server.ssl.cert_key beside it",
    ]],
    ["key without certificate", "server:\n  ssl:\n    cert_key: a.key", [
      "config.yml:3: server.ssl.cert_key: needs server.ssl.cert beside it",
    ]],
    ["events kept longer than ids", "retention:\n  events: 100d", [
      "config.yml:2: retention.events: expected at most retention.ids (90d), not 100d",
    ]],
    ["no room for one body", "limits:\n  bodies_in_flight: 1MiB", [
      "config.yml:2: limits.bodies_in_flight: expected at least limits.body (32MiB), not 1MiB",
    ]],
    ["uri and addrs", "dial_info:\n  uri: mongodb://h/\n  addrs: [h]", [
      "config.yml:3: dial_info.addrs: cannot stand beside config.yml:2: dial_info.uri; " +
      "keep one of the two",
    ]],
    ["uri and user", "dial_info:\n  uri: mongodb://h/\n  user: u", [
      "config.yml:3: dial_info.user: is a part of dial_info.uri; say it there, or give addrs " +
      "instead",
    ]],
    ["user without password", "dial_info:\n  addrs: [h]\n  user: u", [
      "config.yml:3: dial_info.user: has no effect without dial_info.password_file; " +
      "set both or neither",
    ]],
    ["password without user", "dial_info:\n  addrs: [h]\n  password_file: password.txt", [
      "config.yml:3: dial_info.password_file: has no effect without dial_info.user; " +
      "set both or neither",
    ]],
    ["authority without TLS", "dial_info:\n  addrs: [h]\n  tls_ca_file: ca.pem", [
      "config.yml:3: dial_info.tls_ca_file: has no effect without dial_info.tls; " +
      "set both or neither",
    ]],
    ["user without server", "dial_info:\n  user: u\n  password_file: password.txt", [
      "config.yml:2: dial_info.user: has no effect without dial_info.addrs or dial_info.uri",
      "config.yml:3: dial_info.password_file: has no effect without dial_info.addrs or " +
      "dial_info.uri",
    ]],
    ["unreadable password", "dial_info: { addrs: [h], user: u, password_file: nowhere }", [
      'config.yml:1: dial_info.password_file: cannot read the file "nowhere": no such file',
    ]],
    ["unreadable token", "auth:\n  read:\n    - token_file: nowhere", [
      'config.yml:3: auth.read[0]: cannot read the file "nowhere": no such file',
    ]],
    ["empty token file", "auth:\n  read:\n    - token_file: empty.txt", [
      'config.yml:3: auth.read[0]: the file "empty.txt" is empty',
    ]],
    ["short token file", "auth:\n  read:\n    - token_file: short.txt", [
      "config.yml:3: auth.read[0]: expected one token of at least 8 visible characters in the " +
      'file "short.txt"',
    ]],
    ["several tokens in a file", "auth:\n  read:\n    - token_file: tokens.txt", [
      "config.yml:3: auth.read[0]: expected one token of at least 8 visible characters in the " +
      'file "tokens.txt"',
    ]],
    ["entry without token", "auth:\n  ingest:\n    - registry: main", [
      "config.yml:3: auth.ingest[0]: expected either token or token_file, and not an empty one",
    ]],
    ["empty token", "auth:\n  ingest:\n    - token: ''", [
      "config.yml:3: auth.ingest[0]: expected either token or token_file, and not an empty one",
    ]],
    ["registry for a reader", "auth:\n  read:\n    - { token: abcdefgh, registry: main }", [
      "config.yml:3: auth.read[0]: registry binds tokens of auth.ingest alone; leave it out here",
    ]],
    ["unknown key of an entry", "auth:\n  ingest:\n    - token: abcdefgh\n      regsitry: main", [
      "config.yml:4: auth.ingest[0].regsitry: unknown key; an entry has token, token_file and " +
      "registry",
    ]],
    ["name of a registry", "auth:\n  ingest:\n    - token: abcdefgh\n      registry: Main", [
      "config.yml:4: auth.ingest[0].registry: expected the name of a registry: lower-case " +
      "letters, digits, `.`, `_` and `-`, at most 64",
    ]],
    [
      "same token twice",
      "auth:\n  ingest:\n    - token: abcdefgh\n  read:\n    - token: abcdefgh",
      [
        "config.yml:5: auth.read[0]: the same token as config.yml:3: auth.ingest[0]; " +
        "each role needs tokens of its own",
      ],
    ],
    ["consumer called other", "consumers:\n  - name: other\n    actors: [a]", [
      "config.yml:2: consumers[0].name: expected a name other than `other`, of lower-case " +
      'letters, digits, `.`, `_` and `-`, at most 64, not "other"',
    ]],
    ["consumer without name", "consumers:\n  - actors: [a]", [
      "config.yml:2: consumers[0].name: expected a name other than `other`, of lower-case " +
      "letters, digits, `.`, `_` and `-`, at most 64, but it is missing",
    ]],
    ["consumer without rule", "consumers:\n  - name: ci", [
      "config.yml:2: consumers[0]: expected addresses, actors or useragents to tell it by",
    ]],
    [
      "two consumers of one name",
      "consumers:\n  - name: ci\n    actors: [a]\n  - name: ci\n    actors: [b]",
      [
        'config.yml:4: consumers[1].name: "ci" is the name of another consumer; ' +
        "put both rules into one",
      ],
    ],
  ];
  for (const [name, text, want] of cases) {
    await t.step(name, () => {
      const problems = problemsOf(text);
      assert.equal(problems.length, want.length, problems.join("\n"));
      for (const [index, line] of want.entries()) {
        const pattern = /^\/(.*)\/$/.exec(line)?.[1];
        if (pattern === undefined) assert.equal(problems[index], line);
        else assert.match(problems[index] ?? "", new RegExp(`^${pattern}$`));
      }
    });
  }
});

Deno.test("parseConfig() names variables and flags", async (t) => {
  const cases: [string, Record<string, string>, string[]][] = [
    ["wrong value", { DREC_SERVER_PORT: "x" }, [
      'DREC_SERVER_PORT: expected a whole number from 0 to 65535, not "x"',
    ]],
    ["a number that is not decimal, without quotes already", { DREC_SERVER_PORT: "0x50" }, [
      'DREC_SERVER_PORT: expected a whole number from 0 to 65535, not "0x50"',
    ]],
    ["misspelt", { DREC_SERVER_PROT: "1" }, [
      'DREC_SERVER_PROT: unknown variable; did you mean "DREC_SERVER_PORT"?',
    ]],
    ["misspelt file of a secret", { DREC_AUTH_INGETS_FILE: "x" }, [
      'DREC_AUTH_INGETS_FILE: unknown variable; did you mean "DREC_AUTH_INGEST"?',
    ]],
    ["without a likeness", { DREC_WEATHER: "1" }, [
      "DREC_WEATHER: unknown variable; take DREC_ and the name of a key, such as DREC_SERVER_PORT",
    ]],
    ["unreadable file", { DREC_AUTH_INGEST_FILE: "nowhere" }, [
      'DREC_AUTH_INGEST_FILE: cannot read the file "nowhere": no such file',
    ]],
    ["value and file", { DREC_AUTH_READ: "abcdefgh", DREC_AUTH_READ_FILE: "tokens.txt" }, [
      "DREC_AUTH_READ_FILE: says the same as DREC_AUTH_READ; set one of the two",
    ]],
    ["two names", { DREC_DIAL_INFO_URI: "mongodb://a/", MONGODB_URI: "mongodb://b/" }, [
      "MONGODB_URI: says the same as DREC_DIAL_INFO_URI; set one of the two",
    ]],
    ["no YAML", { DREC_CONSUMERS: "[" }, [
      "DREC_CONSUMERS: cannot read YAML: unexpected end of the stream within a flow collection",
    ]],
    ["part of YAML", { DREC_CONSUMERS: "[{ name: ci, actor: [a] }]" }, [
      "DREC_CONSUMERS[0].actor: unknown key; an entry has name, addresses, actors and useragents",
    ]],
    ["off and on", { DREC_SERVER_SSL: "off", DREC_SERVER_SSL_CERT: "a.crt" }, [
      "DREC_SERVER_SSL: off and DREC_SERVER_SSL_CERT exclude each other; keep one of the two",
    ]],
    ["neither true nor false", { DREC_DIAL_INFO_TLS: "1" }, [
      'DREC_DIAL_INFO_TLS: expected true or false, not "1"',
    ]],
  ];
  for (const [name, env, want] of cases) {
    await t.step(name, () => assert.deepEqual(problemsOf(undefined, { env }), want));
  }
  await t.step("flag", () => {
    assert.deepEqual(problemsOf(undefined, { flags: { "log.level": "loud" } }), [
      '--log-level: expected debug, info, warning or error, not "loud"',
    ]);
  });
});

Deno.test("parseConfig() tells all problems at once, in order", () => {
  const text = "log:\n  level: loud\nserver:\n  port: x\n  prot: 1\n";
  const env = { DREC_LIMITS_QUEUE: "0", DREC_SERVER_PORT: "1" };
  const keys = problemsOf(text, { env, flags: { blobs: "x" } }).map((line) => line.split(": ")[1]);
  assert.deepEqual(keys.slice(0, 3), ["log.level", "server.port", "server.prot"]);
  assert.match(problemsOf(text, { env })[3] ?? "", /^DREC_LIMITS_QUEUE: /);
  assert.equal(keys.length, 5);
});

Deno.test("parseConfig() leaves alone what only looks like its variables", () => {
  const env = {
    DREC_CONFIG: "x.yml",
    DREC_REQUIRE: "all",
    DREC_TEST_SOMETHING: "1",
    DREC_SERVICE_HOST: "10.0.0.1",
    DREC_SERVICE_PORT_HTTPS: "8443",
    DREC_PORT: "tcp://10.0.0.1:8443",
    DREC_PORT_8443_TCP_ADDR: "10.0.0.1",
    DREC_SERVER_PORT: "tcp://10.0.0.1:8443",
    HOME: "/root",
    MONGODB_URL: "x",
  };
  assert.deepEqual(parse(undefined, { env }), parse(undefined));
});

Deno.test("parseConfig() lets the higher layer decide between rivals", async (t) => {
  const addrs = "dial_info: { addrs: [h], user: u, password_file: password.txt, tls: true }";
  await t.step("uri of the environment, addrs of the file", () => {
    const { dialInfo, warnings } = parse(addrs, { env: { MONGODB_URI: "mongodb://x/" } });
    assert.equal(dialInfo?.uri, "mongodb://x/");
    assert.deepEqual(dialInfo.addrs, []);
    assert.equal(dialInfo.password, undefined);
    assert.deepEqual(warnings, ["MONGODB_URI replaces config.yml:1: dial_info.addrs"]);
  });
  await t.step("addrs of the environment, uri of the file", () => {
    const env = { DREC_DIAL_INFO_ADDRS: "h" };
    const { dialInfo } = parse("dial_info: { uri: mongodb://x/ }", { env });
    assert.equal(dialInfo?.uri, undefined);
    assert.deepEqual(dialInfo?.addrs, ["h"]);
  });
  await t.step("ssl off in the environment, files in the file", () => {
    const text = "server: { ssl: { cert: a.crt, cert_key: a.key } }";
    assert.equal(parse(text, { env: { DREC_SERVER_SSL: "off" } }).server.ssl, "off");
  });
  await t.step("files in the environment, ssl off in the file", () => {
    const env = { DREC_SERVER_SSL_CERT: "a.crt", DREC_SERVER_SSL_CERT_KEY: "a.key" };
    assert.equal(certOf(parse("server: { ssl: off }", { env }).server.ssl), "a.crt");
  });
  await t.step("ssl: false", () => {
    assert.equal(parse("server: { ssl: false }").server.ssl, "off");
  });
});

Deno.test("parseConfig() takes the database from the connection string", () => {
  const cases: [string, Record<string, string>, string][] = [
    ["", { MONGODB_URI: "mongodb://h/mine?w=1" }, "mine"],
    ["", { MONGODB_URI: "mongodb://h/" }, "docker-registry-db"],
    ["", { MONGODB_URI: "mongodb://u:p@h/admin" }, "docker-registry-db"],
    ["dial_info: { database: file }", { MONGODB_URI: "mongodb://h/mine" }, "mine"],
    ["dial_info: { uri: 'mongodb://h/mine', database: file }", {}, "file"],
  ];
  for (const [text, env, want] of cases) {
    assert.equal(parse(text, { env }).dialInfo?.database, want, want);
  }
});

Deno.test("parseConfig() lets defaults follow from another key", () => {
  assert.equal(parse("retention: { ids: 7d }").retention.eventsMs, 7 * DAY_MS);
  assert.equal(parse("limits: { body: 200MiB }").limits.bodiesInFlightBytes, 209_715_200);
});

Deno.test("parseConfig() warns about what is rarely meant", () => {
  const cases: [string, RegExp | undefined][] = [
    ["server: { address: 0.0.0.0, ssl: off }", /^server.ssl is off on 0.0.0.0: tokens /],
    ["server: { address: 0.0.0.0, ssl: off, trusted_proxies: [10.0.0.1] }", undefined],
    ["server: { ssl: off }", undefined],
    ["limits: { body: 16MiB }", /^limits.body is 16MiB: one event of a registry can have 25 MB/],
    ["sqlite: { path: x }\ndial_info: { addrs: [h] }", /^sqlite.path has no effect/],
    ["stars: { user_header: X-User }", /^stars.user_header has no effect without/],
  ];
  for (const [text, want] of cases) {
    const { warnings } = parse(text);
    assert.equal(warnings.length, want === undefined ? 0 : 1, text);
    if (want !== undefined) assert.match(warnings[0] ?? "", want);
  }
});

Deno.test("parseConfig() never prints a secret", () => {
  const secret = "Tr0ub4dor";
  const texts = [
    `auth: { ingest: ${secret} }`,
    `auth: { ingest: [${secret}] }`,
    `auth: { ingest: [[${secret}]] }`,
    `auth: { ingest: { token: ${secret} } }`,
    `auth: { ingest: [{ token: [${secret}] }] }`,
    `auth: { ingest: [{ token: "${secret} x" }] }`,
    `auth: { ingest: [{ token: *${secret} }] }`,
    `auth: { ingest: [{ token: !${secret} x }] }`,
    `auth: { ingest: [{ token: !!${secret} x }] }`,
    `auth:\n  ingest:\n    - token: "${secret}`,
    `auth:\n  ingest:\n    - token: ${secret}: x`,
    `auth: { ingest: [{ token: ${secret} }, { token: ${secret} }] }`,
    `auth: { read: [{ token: ${secret}, registry: main }] }`,
    `dial_info: { uri: "http://u:${secret}@h/" }`,
    `dial_info: { uri: ["mongodb://u:${secret}@h/"] }`,
    `dial_info: { uri: "mongodb://u:${secret}@h/", user: u }`,
  ];
  const environments: Record<string, string>[] = [
    { DREC_AUTH_INGEST: `${secret},${secret}` },
    { DREC_AUTH_INGEST: `[${secret}` },
    { DREC_AUTH_INGEST: `${secret} x` },
    { MONGODB_URI: `http://u:${secret}@h/` },
    { DREC_DIAL_INFO_URI: `mongodb://u:${secret}@h/`, DREC_DIAL_INFO_USER: "u" },
  ];
  const all = [
    ...texts.map((text) => problemsOf(text)),
    ...environments.map((env) => problemsOf(undefined, { env })),
  ];
  for (const [index, problems] of all.entries()) {
    assert.ok(problems.length > 0, `case ${index} is no error`);
    assert.ok(!problems.join("\n").includes(secret), problems.join("\n"));
  }
});

Deno.test("mongoUri() renders servers, login and TLS", () => {
  const cases: [string, string][] = [
    ["addrs: [h]", "mongodb://h/"],
    ["addrs: [a, 'b:1']\n  replica_set: rs 0", "mongodb://a,b:1/?replicaSet=rs%200"],
    [
      "addrs: [h]\n  user: j@doe\n  password_file: password.txt",
      "mongodb://j%40doe:p%40ss%2Fword@h/?authSource=docker-registry-db",
    ],
    [
      "addrs: [h]\n  user: u\n  password_file: password.txt\n  auth_source: admin",
      "mongodb://u:p%40ss%2Fword@h/?authSource=admin",
    ],
    [
      "addrs: [h]\n  tls: true\n  tls_ca_file: /etc/ca.pem",
      "mongodb://h/?tls=true&tlsCAFile=%2Fetc%2Fca.pem",
    ],
    ["uri: mongodb://u:p@h/?w=1", "mongodb://u:p@h/?w=1"],
  ];
  for (const [text, want] of cases) {
    const { dialInfo } = parse(`dial_info:\n  ${text}`);
    assert.ok(dialInfo !== undefined);
    assert.equal(mongoUri(dialInfo), want);
  }
});

Deno.test("config.yml sets nothing and shows every key at its default", async () => {
  const manual = await Deno.readTextFile(new URL("../config.yml", import.meta.url));
  assert.deepEqual({ ...parse(manual), file: undefined }, parse(undefined));

  const keyLines = manual.split("\n").filter((line) => /^#(?: {2})*[a-z_]+:/.test(line));
  const uncommented = keyLines.map((line) => line.slice(1)).join("\n");
  assert.deepEqual({ ...parse(uncommented), file: undefined }, parse(undefined));

  const { lineOf } = parseYaml(uncommented);
  const lines = CONFIG_KEYS.filter((key) => key !== "server.ssl").map((key) => {
    const path = key.split(".");
    assert.notEqual(lineOf(path), lineOf(path.slice(0, -1)), `${key} is missing`);
    return lineOf(path);
  });
  assert.deepEqual(lines, lines.toSorted((a, b) => a - b), "keys are in the order of the table");
  assert.equal(keyLines.length, new Set([...lines, ...sectionLines(uncommented)]).size);
});

function sectionLines(yaml: string): number[] {
  return yaml.split("\n").flatMap((line, index) => line.endsWith(":") ? [index + 1] : []);
}

Deno.test("loadConfig() reads files", async (t) => {
  await using folder = await tempDir();
  const path = folder.join("drec.yml");
  await Deno.writeTextFile(path, `auth: { read: [{ token_file: ${folder.join("token")} }] }`);
  await Deno.writeTextFile(folder.join("token"), "token-from-file\n");
  const want = [{ token: "token-from-file" }];

  await t.step("named by its path", async () => {
    const config = await loadConfig(path, { env: {} });
    assert.deepEqual([config.file, config.auth.read], [path, want]);
  });
  await t.step("named by DREC_CONFIG", async () => {
    const config = await loadConfig(undefined, { env: { DREC_CONFIG: path } });
    assert.deepEqual([config.file, config.auth.read], [path, want]);
  });
  await t.step("a named file that is missing", async () => {
    const missing = folder.join("missing.yml");
    await assert.rejects(loadConfig(missing, { env: {} }), {
      code: "invalid",
      message: `Cannot read configuration "${missing}": no such file`,
      hint: "name a readable file, or none to use config.yml or the defaults",
    });
  });
  await t.step("a directory", async () => {
    await assert.rejects(loadConfig(folder.path, { env: {} }), {
      code: "invalid",
      message: /^Cannot read configuration/,
    });
  });
  await t.step("problems name the file", async () => {
    await Deno.writeTextFile(path, "server:\n  prot: 1\n");
    await assert.rejects(loadConfig(path, { env: {} }), {
      message: `${path}:2: server.prot: unknown key; did you mean "server.port"?`,
    });
  });
});

Deno.test("loadConfig() needs no more than a narrow permission", async () => {
  await using folder = await tempDir();
  const script = folder.join("print.ts");
  await Deno.writeTextFile(
    script,
    `import { loadConfig } from "${new URL("../lib/config.ts", import.meta.url)}";
    const { file, server, dialInfo } = await loadConfig();
    console.log([file ?? "no file", server.port, dialInfo?.uri ?? "no MongoDB"].join(" "));`,
  );
  const args = ["run", "--quiet", "--no-prompt", "--allow-read"];
  const files = ["--config", `${repositoryRoot}deno.json`, script];
  const load = async (flags: string, env: Record<string, string>): Promise<string> => {
    const { stdout, stderr } = await run(
      Deno.execPath(),
      [...args, ...flags.split(" "), ...files],
      { cwd: folder.path, clearEnv: true, env: { ...denoEnvironment(), ...env } },
    );
    return stdout.trim() || stderr;
  };
  const narrow = "--allow-env=DREC_*,MONGODB_URI,MONGODB_URI_FILE";
  assert.equal(await load(narrow, {}), "no file 8443 no MongoDB");
  await Deno.writeTextFile(folder.join("config.yml"), "server: { port: 1 }");
  assert.equal(await load(narrow, { DREC_SERVER_PORT: "2" }), "config.yml 2 no MongoDB");
  assert.equal(await load(narrow, { MONGODB_URI: "mongodb://h/" }), "config.yml 1 mongodb://h/");
  assert.equal(await load("--ignore-env", { DREC_SERVER_PORT: "2" }), "config.yml 1 no MongoDB");
  const misspelt = { DREC_SERVER_PROT: "2" };
  const problem = /^[^]*DREC_SERVER_PROT: unknown variable; did you mean "DREC_SERVER_PORT"\?/;
  assert.match(await load("--allow-env", misspelt), problem);
  assert.match(await load(`--ignore-env ${narrow}`, misspelt), problem);
  // Deno lists no variables to those who may read some of them only.
  assert.equal(await load(narrow, misspelt), "config.yml 1 no MongoDB");
  assert.equal(await load("--deny-env", misspelt), "config.yml 1 no MongoDB");
});

/** What Deno needs to find its cache. */
function denoEnvironment(): Record<string, string> {
  const names = ["HOME", "DENO_DIR", "XDG_CACHE_HOME"];
  return Object.fromEntries(names.flatMap((name) => {
    const text = Deno.env.get(name);
    return text === undefined ? [] : [[name, text]];
  }));
}

Deno.test("CONFIG_VARIABLES lists what a narrow permission has to cover", () => {
  const others = CONFIG_VARIABLES.filter((name) => !name.startsWith("DREC_"));
  assert.deepEqual(others, ["MONGODB_URI", "MONGODB_URI_FILE"]);
  assert.ok(CONFIG_VARIABLES.includes("DREC_CONFIG"));
});
