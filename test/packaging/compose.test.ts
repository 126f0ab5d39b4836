/** The compose file of several servers: its settings are the server's, and what it names in one place it has in another. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { readSettings } from '../../src/server/settings.js';
import { s3PlaceOf } from '../../src/store/open.js';
import { serversOf } from '../../src/store/postgres/servers.js';
import { without } from '../clients/run.js';

const DIRECTORY = 'packaging/compose';

interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly command?: readonly string[];
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly ports?: readonly string[];
}
interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly networks: {
    readonly default: { readonly ipam: { readonly config: readonly [{ subnet: string }] } };
  };
}

const compose: Compose = parse(readFileSync(join(DIRECTORY, 'compose.yml'), 'utf8'), { merge: true });
const services = Object.entries(compose.services);
const nodes = services.filter(([name]) => name.startsWith('node-'));
const nginx = readFileSync(join(DIRECTORY, 'nginx.conf'), 'utf8');

test('its settings are settings of the server', () => {
  assert.equal(nodes.length, 3);
  for (const [, { environment = {} }] of [...nodes, ['bodies', compose.services['bodies']!] as const]) {
    const settings = readSettings({}, environment);
    // A name that is no setting would be passed over. Without one of theirs the settings are others, or none.
    const lacking = (name: string) => {
      try {
        return readSettings({}, { ...environment, [name]: undefined });
      } catch {
        return undefined;
      }
    };
    for (const name of Object.keys(environment).filter(name => name.startsWith('KARIKAGI_')))
      assert.notDeepEqual(lacking(name), settings, name);
  }
});

test('the nodes are alike, and look for their stores where these are', () => {
  const [environment] = new Set(nodes.map(([, { environment }]) => JSON.stringify(environment)));
  assert.deepEqual(
    nodes.map(([, { environment }]) => JSON.stringify(environment)),
    nodes.map(() => environment),
  );
  const settings = readSettings({}, nodes[0]![1].environment!);
  const [{ host, user, database }] = serversOf(settings.kv!) as [Record<string, string>];
  const { POSTGRES_USER, POSTGRES_DB } = compose.services[host!]!.environment!;
  assert.deepEqual([user, database], [POSTGRES_USER, POSTGRES_DB]);
  const { bucket, client } = s3PlaceOf(settings.blobs!);
  assert.ok(compose.services[new URL(client.endpoint!).hostname]);
  const { command = [] } = compose.services['bucket']!;
  assert.equal(command[command.indexOf('--bucket') + 1], bucket);
  assert.equal(command[command.indexOf('--endpoint-url') + 1], client.endpoint);
  assert.deepEqual(settings.trustedProxies, [compose.networks.default.ipam.config[0].subnet]);
});

test('what it names is there, and nothing secret stands in it', () => {
  for (const [name, { volumes = [], secrets = [], environment = {}, depends_on = {} }] of services) {
    const mounts = volumes.map(volume => volume.split(':') as [string, string]);
    for (const [volume] of mounts)
      if (!volume.startsWith('.')) assert.ok(volume in compose.volumes, `${name}: ${volume}`);
    for (const secret of secrets) assert.ok(secret in compose.secrets, `${name}: ${secret}`);
    for (const [other, { condition }] of Object.entries(depends_on)) {
      assert.ok(other in compose.services, `${name}: ${other}`);
      if (condition === 'service_healthy') assert.ok(compose.services[other]!.healthcheck, other);
    }
    const places = [
      ...secrets.map(secret => `/run/secrets/${secret}`),
      ...mounts.map(([, path]) => `${path}/`),
    ];
    for (const [variable, value] of Object.entries(environment)) {
      assert.doesNotMatch(
        variable,
        /^(PGPASSWORD|POSTGRES_PASSWORD|KARIKAGI_ROOT_KEY|AWS_SECRET_ACCESS_KEY)$/,
      );
      if (/(_FILE|PASSFILE)$/.test(variable))
        assert.ok(
          places.some(place => value.startsWith(place)),
          `${name}: ${variable}`,
        );
    }
  }
  const given = new Set(services.flatMap(([, { secrets = [] }]) => secrets));
  assert.deepEqual([...given].sort(), Object.keys(compose.secrets).sort());
});

test('the servers are closed, tell whether they are ready, and nginx alone is reached from outside', () => {
  for (const name of [...nodes.map(([name]) => name), 'bodies']) {
    const { read_only, cap_drop, healthcheck } = compose.services[name]!;
    assert.deepEqual(
      [read_only, cap_drop, healthcheck?.test],
      [true, ['ALL'], ['CMD', 'karikagi', 'health']],
    );
  }
  assert.deepEqual(
    services.filter(([, { ports }]) => ports).map(([name]) => name),
    ['nginx'],
  );
  const reached = [...nginx.matchAll(/^ {4}server ([\w-]+):(9000|9001) /gm)].map(
    ([, name, port]) => `${name} ${port}`,
  );
  assert.deepEqual(
    reached.sort(),
    nodes.flatMap(([name]) => [`${name} 9000`, `${name} 9001`]),
  );
});

test('nginx takes its configuration', { skip: without('nginx') || without('openssl') }, t => {
  const directory = mkdtempSync(join(tmpdir(), 'karikagi-compose-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const at = (name: string) => join(directory, name);
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      '/CN=s3.example.com',
    ].concat('-keyout', at('tls.key'), '-out', at('tls.pem'), '-days', '1'),
    { stdio: 'ignore' },
  );
  // Its names are those of Compose's network.
  const here = nginx.replace(/server node-\d:/g, 'server 127.0.0.1:').replaceAll('/run/secrets', directory);
  const all = `pid ${at('pid')};\nevents {}\nhttp {\naccess_log off;\n${here}\n}\n`;
  writeFileSync(at('nginx.conf'), all);
  const { status, stderr } = spawnSync('nginx', ['-t', '-e', at('log'), '-c', at('nginx.conf')], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  assert.doesNotMatch(stderr, /\[(warn|error|emerg)\]/);
});
