// Writes src/models/{sts,iam,s3,s3control,kms,organizations,cloudtrail,rolesanywhere}.ts from botocore's service models: the
// constraints (length, range, pattern, enum, required) that the schemas of the AWS SDK for JavaScript lack; and
// src/models/rolesanywhere-shapes.ts: the shapes themselves, of the service whose SDK for JavaScript has no schemas.
//
//   pip install botocore==1.43.11
//   node tools/generate-models.mjs "$(python3 -c 'import botocore; print(botocore.__path__[0])')"
//
// Running it again with the same botocore changes nothing.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const BOTOCORE = '1.43.11';
const services = ['sts', 'iam', 's3', 's3control', 'kms', 'organizations', 'cloudtrail', 'rolesanywhere'];
/** Services whose shapes are written as well. */
const withShapes = ['rolesanywhere'];

/** Where the model says something that the service does not hold to. */
const corrections = {
  s3control: withoutBounds,
  cloudtrail: shapes => {
    // What is out of bounds is InvalidMaxResultsException.
    delete shapes.MaxResults.min;
    delete shapes.MaxResults.max;
  },
  iam: shapes => {
    // AWS's sentences about these two show neither the value nor the set (recorded in 2025).
    shapes.serviceSpecificCredentialId.sensitive = true;
    shapes.serviceSpecificCredentialStatusType = { ...shapes.statusType, sensitive: true };
    shapes.UpdateServiceSpecificCredentialRequest.members.Status.shape =
      'serviceSpecificCredentialStatusType';
  },
  s3: shapes => {
    withoutBounds(shapes);
    // Every region's name is accepted as far as the schema goes; a wrong one is InvalidLocationConstraint.
    delete shapes.BucketLocationConstraint.enum;
    // An unknown event is InvalidArgument, not MalformedXML.
    delete shapes.Event.enum;
    // S3 answers with `Prefix` and `Suffix`, and takes them back; what is neither is InvalidArgument.
    delete shapes.FilterRuleName.enum;
    // A document without a set takes all tags away (recorded in February 2026).
    delete shapes.Tagging.required;
    // An unknown protocol of a redirect is InvalidRequest, no policy is MalformedPolicy (recorded in February 2026).
    delete shapes.Protocol.enum;
    // A mode without a date lacks the date, whatever it is (recorded in February 2026).
    delete shapes.ObjectLockMode.enum;
    // Grants of access logs take every permission (recorded in February 2026), though the reference has three.
    shapes.TargetGrant.members.Permission.shape = 'Permission';
    shapes.PutBucketPolicyRequest.required = ['Bucket'];
    // The canned ACLs that the user guide ("Canned ACL") has for buckets beside the model's.
    shapes.BucketCannedACL.enum.push(
      'aws-exec-read',
      'bucket-owner-read',
      'bucket-owner-full-control',
      'log-delivery-write',
    );
  },
};

/** S3 answers lengths and ranges with errors of its own, operation by operation. */
function withoutBounds(shapes) {
  for (const shape of Object.values(shapes)) for (const key of ['min', 'max', 'pattern']) delete shape[key];
}

const types = {
  string: 'string',
  blob: 'blob',
  integer: 'number',
  long: 'number',
  list: 'list',
  map: 'map',
  structure: 'structure',
};

function readModel(botocore, service) {
  const folder = join(botocore, 'data', service);
  const version = readdirSync(folder)
    .filter(name => /^\d{4}-\d\d-\d\d$/.test(name))
    .sort()
    .at(-1);
  const file = readdirSync(join(folder, version)).find(name => /^service-2\.json(\.gz)?$/.test(name));
  const bytes = readFileSync(join(folder, version, file));
  return JSON.parse(file.endsWith('.gz') ? gunzipSync(bytes) : bytes);
}

/** The names of the shapes that a shape refers to. */
function references(shape) {
  return [shape.member, shape.key, shape.value, ...Object.values(shape.members ?? {})]
    .filter(Boolean)
    .map(reference => reference.shape);
}

/** Which shapes demand something themselves or through a shape they refer to. */
function demanding(shapes) {
  const found = new Set();
  for (const [name, shape] of Object.entries(shapes)) {
    const own = ['min', 'max', 'pattern', 'enum'].some(key => key in shape) || shape.required?.length > 0;
    if (own && shape.type in types) found.add(name);
  }
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const [name, shape] of Object.entries(shapes)) {
      if (shape.type in types && references(shape).some(reference => found.has(reference))) found.add(name);
    }
  }
  return found;
}

function constraintsOf(shape, found) {
  const keep = reference => (reference && found.has(reference.shape) ? reference.shape : undefined);
  const members = Object.entries(shape.members ?? {}).filter(([, reference]) => found.has(reference.shape));
  return {
    type: types[shape.type],
    min: shape.min,
    max: shape.max,
    pattern: shape.pattern,
    enum: shape.enum,
    sensitive: shape.sensitive,
    member: keep(shape.member),
    key: keep(shape.key),
    value: keep(shape.value),
    members:
      members.length > 0 ? Object.fromEntries(members.map(([name, { shape }]) => [name, shape])) : undefined,
    required: shape.required?.length > 0 ? shape.required : undefined,
  };
}

/** The shapes that the inputs of the operations reach, by name. */
function reachable(inputs, shapes) {
  const reached = new Set();
  const queue = Object.values(inputs);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (reached.has(name)) continue;
    reached.add(name);
    const { member, key, value, members = {} } = shapes[name];
    queue.push(...[member, key, value, ...Object.values(members)].filter(Boolean));
  }
  return [...reached].sort();
}

function generate(botocore, service) {
  const model = readModel(botocore, service);
  corrections[service]?.(model.shapes);
  const found = demanding(model.shapes);
  const shapes = Object.fromEntries([...found].map(name => [name, constraintsOf(model.shapes[name], found)]));
  const inputs = Object.fromEntries(
    Object.values(model.operations)
      .filter(operation => operation.input && found.has(operation.input.shape))
      .map(operation => [operation.name, operation.input.shape])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const line = ([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`;
  const used = reachable(inputs, shapes).map(name => [name, shapes[name]]);
  return (
    `// Generated by tools/generate-models.mjs from botocore ${BOTOCORE} (Apache-2.0). Do not edit.\n\n` +
    `import type { ServiceConstraints } from './types.js';\n\n` +
    `export const ${service}: ServiceConstraints = {\n` +
    `  apiVersion: ${JSON.stringify(model.metadata.apiVersion)},\n` +
    `  inputs: {\n${Object.entries(inputs).map(line).join('')}  },\n` +
    `  shapes: {\n${used.map(line).join('')}  },\n};\n`
  );
}

const simple = {
  string: 'string',
  blob: 'blob',
  integer: 'number',
  long: 'number',
  boolean: 'boolean',
  timestamp: 'timestamp',
};
const places = { uri: 'label', querystring: 'query' };

/** A shape as `ModelShape` of src/models/types.ts has it. */
function shapeOf({ type, timestampFormat, member, value, members }) {
  if (type === 'list') return { type, member: member.shape };
  if (type === 'map') return { type, value: value.shape };
  if (type !== 'structure') return { type: timestampFormat === 'iso8601' ? 'date-time' : simple[type] };
  const shown = Object.entries(members).map(([name, { shape, location, locationName }]) => {
    const place = places[location];
    return [name, place ? { shape, [place]: locationName } : { shape }];
  });
  return { type, members: Object.fromEntries(shown) };
}

function generateShapes(botocore, service) {
  const model = readModel(botocore, service);
  const operations = Object.values(model.operations).map(({ name, http, input, output }) => {
    const { method, requestUri: uri, responseCode: status } = http;
    return [name, { method, uri, status, input: input.shape, output: output.shape }];
  });
  const used = new Set();
  const queue = operations.flatMap(([, { input, output }]) => [input, output]);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (used.has(name)) continue;
    used.add(name);
    queue.push(...references(model.shapes[name]));
  }
  const line = ([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)},\n`;
  const shapes = [...used].sort().map(name => [name, shapeOf(model.shapes[name])]);
  return (
    `// Generated by tools/generate-models.mjs from botocore ${BOTOCORE} (Apache-2.0). Do not edit.\n\n` +
    `import type { ServiceModel } from './types.js';\n\n` +
    `export const ${service}Shapes = {\n` +
    `  operations: {\n${operations.map(line).join('')}  },\n` +
    `  shapes: {\n${shapes.map(line).join('')}  },\n} satisfies ServiceModel;\n`
  );
}

const botocore = process.argv[2];
if (!botocore) throw new Error('usage: node tools/generate-models.mjs <path of the botocore package>');
const version = /__version__ = '(.+)'/.exec(readFileSync(join(botocore, '__init__.py'), 'utf8'))?.[1];
if (version !== BOTOCORE) throw new Error(`botocore ${BOTOCORE} is wanted, ${version} is there`);
for (const service of services) {
  writeFileSync(new URL(`../src/models/${service}.ts`, import.meta.url), generate(botocore, service));
}
for (const service of withShapes) {
  const file = new URL(`../src/models/${service}-shapes.ts`, import.meta.url);
  writeFileSync(file, generateShapes(botocore, service));
}
