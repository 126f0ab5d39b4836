/** The Kubernetes manifest: its settings are the server's, and what it names in one place it has in another. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { readSettings } from '../../src/server/settings.js';
import { serversOf } from '../../src/store/postgres/servers.js';

const FILE = 'packaging/kubernetes/karikagi.yaml';

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}
interface Labels {
  readonly matchLabels: Readonly<Record<string, string>>;
}
interface Container {
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
}
interface Manifest {
  readonly kind: string;
  readonly data: Readonly<Record<string, string>>;
  readonly spec: {
    readonly replicas: number;
    readonly minAvailable: number;
    readonly selector: Labels & Readonly<Record<string, string>>;
    readonly ports: readonly { readonly targetPort: string }[];
    readonly template: {
      readonly metadata: { readonly labels: Readonly<Record<string, string>> };
      readonly spec: {
        readonly containers: readonly [Container];
        readonly volumes: readonly { readonly name: string }[];
      };
    };
  };
}

const manifests = parseAllDocuments(readFileSync(FILE, 'utf8')).map(document => document.toJS() as Manifest);
const of = (kind: string) => manifests.find(manifest => manifest.kind === kind)!;
const { spec: pod, metadata } = of('Deployment').spec.template;
const [container] = pod.containers;
const environment = {
  ...of('ConfigMap').data,
  ...Object.fromEntries(container.env.map(({ name, value }) => [name, value])),
};

test('its settings are settings of the server', () => {
  const settings = readSettings({}, environment);
  assert.equal(serversOf(settings.kv!).length, 2);
  assert.equal(new URL(settings.blobs!).protocol, 's3:');
  assert.equal(settings.metricsListen, '0.0.0.0:9102');
  const ours = Object.keys(environment).filter(name => name.startsWith('KARIKAGI_'));
  // A name that is no setting would be passed over. Without one of theirs the settings are others, or none.
  const without = (name: string) => {
    try {
      return readSettings({}, { ...environment, [name]: undefined });
    } catch {
      return undefined;
    }
  };
  for (const name of ours) assert.notDeepEqual(without(name), settings, name);
});

test('what it names is there', () => {
  const ports = container.ports.map(({ name }) => name);
  for (const { targetPort } of of('Service').spec.ports) assert.ok(ports.includes(targetPort), targetPort);
  for (const { httpGet } of [container.startupProbe, container.livenessProbe, container.readinessProbe]) {
    assert.match(httpGet.path, /^\/-\/(live|ready)$/);
    assert.ok(ports.includes(httpGet.port));
  }
  const volumes = pod.volumes.map(({ name }) => name).sort();
  assert.deepEqual(container.volumeMounts.map(({ name }) => name).sort(), volumes);
  const paths = container.volumeMounts.map(({ mountPath }) => mountPath);
  for (const { name, value } of container.env) {
    if (!/_(FILE|CERT|KEY|DATA)$/.test(name)) continue;
    assert.ok(
      paths.some(path => value === path || value!.startsWith(`${path}/`)),
      name,
    );
  }
});

test('the service and the budget are about its pods, of which some may go', () => {
  const { labels } = metadata;
  assert.deepEqual(of('Deployment').spec.selector.matchLabels, labels);
  assert.deepEqual(of('Service').spec.selector, labels);
  assert.deepEqual(of('PodDisruptionBudget').spec.selector.matchLabels, labels);
  assert.ok(of('PodDisruptionBudget').spec.minAvailable < of('Deployment').spec.replicas);
});
