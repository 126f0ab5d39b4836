/** Whatever comes in, the wire answers it with an input or with an `ApiError` of the client's. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as iamSdk from '@aws-sdk/client-iam';
import * as kmsSdk from '@aws-sdk/client-kms';
import * as s3Sdk from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { ApiError } from '../core/errors.js';
import type { HttpRequest } from '../core/http-message.js';
import { iam } from '../models/iam.js';
import { kms } from '../models/kms.js';
import { s3 } from '../models/s3.js';
import { jsonService, queryService, restXmlService, type WireService } from './index.js';
import { operationsOf, type SdkModule } from './schema.js';

function answers(wire: WireService, request: HttpRequest, body: Uint8Array): void {
  try {
    const recognised = wire.recognise(request, body);
    const input = recognised.operation.decode(request, recognised, body);
    assert.equal(typeof input, 'object');
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    assert.ok(error.status >= 400 && error.status < 500, error.code);
    const reply = wire.encodeError(error, { requestId: 'REQ', path: request.path, head: false });
    assert.equal(reply.status, error.status);
  }
}

const nameOf = (sdk: SdkModule) => fc.constantFrom(...operationsOf(sdk).keys());
const text = fc.string({ unit: 'binary', maxLength: 12 });
const noBody = undefined as never;

suite('random requests', () => {
  test('awsQuery', () => {
    const wire = queryService({
      id: 'iam',
      sdk: iamSdk,
      apiVersion: '2010-05-08',
      xmlNamespace: 'x',
      constraints: iam,
    });
    const part = fc.oneof(
      fc.constantFrom(
        'member',
        'Tags',
        'Key',
        'Value',
        'UserName',
        'MaxItems',
        'TagKeys',
        '1',
        '2',
        '0',
        '',
        'entry',
      ),
      text,
    );
    const name = fc.array(part, { minLength: 1, maxLength: 5 }).map(parts => parts.join('.'));
    const pair = fc
      .tuple(name, text)
      .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`);
    const pairs = fc.array(fc.oneof(pair, text), { maxLength: 6 });
    fc.assert(
      fc.property(nameOf(iamSdk), pairs, (action, rest) => {
        const form = [`Action=${action}`, 'Version=2010-05-08', ...rest].join('&');
        answers(
          wire,
          { method: 'POST', path: '/', query: '', headers: new Map(), body: noBody },
          Buffer.from(form),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('awsJson', () => {
    const wire = jsonService({ id: 'kms', sdk: kmsSdk, target: 'TrentService', constraints: kms });
    const key = fc.constantFrom(
      'KeyId',
      'Plaintext',
      'Tags',
      'TagKey',
      'TagValue',
      'EncryptionContext',
      'Limit',
      'Policy',
    );
    const { value } = fc.letrec(tie => ({
      value: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.double(),
        fc.boolean(),
        fc.constant(null),
        tie('object'),
        fc.array(tie('value'), { maxLength: 3 }),
      ),
      object: fc.dictionary(fc.oneof(key, text), tie('value'), { maxKeys: 5 }),
    }));
    const body = fc.oneof(
      value.map(json => JSON.stringify(json)),
      text,
    );
    fc.assert(
      fc.property(nameOf(kmsSdk), body, (name, sent) => {
        const headers = new Map([['x-amz-target', `TrentService.${name}`]]);
        answers(wire, { method: 'POST', path: '/', query: '', headers, body: noBody }, Buffer.from(sent));
      }),
      { numRuns: 1000 },
    );
  });

  test('S3', () => {
    const wire = restXmlService({ id: 's3', sdk: s3Sdk, xmlNamespace: 'x', constraints: s3 });
    const method = fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PATCH');
    const path = fc.oneof(
      fc.constantFrom('/', '/b', '/b/k', '//', '/b/%ff', '/%/'),
      text.map(part => `/b/${part}`),
    );
    const parameter = fc.constantFrom(
      ...[
        'acl',
        'tagging',
        'delete',
        'uploads',
        'uploadId=u',
        'partNumber=1',
        'partNumber=x',
        'list-type=2',
        'max-keys=1',
      ],
      ...[
        'max-keys=',
        'versions',
        'policy',
        'lifecycle',
        'id=1',
        'analytics',
        'X-Amz-Signature=s',
        'x-amz-acl=x',
        '%',
        'a=%ff',
      ],
    );
    const query = fc.array(fc.oneof(parameter, text), { maxLength: 3 }).map(parts => parts.join('&'));
    const header = fc.constantFrom(
      ...[
        'x-amz-acl',
        'x-amz-meta-a',
        'expires',
        'if-modified-since',
        'content-encoding',
        'x-amz-copy-source',
      ],
      ...['x-amz-object-attributes', 'x-amz-write-offset-bytes', 'host', 'x-amz-storage-class'],
    );
    const headers = fc.array(fc.tuple(header, text), { maxLength: 4 }).map(pairs => new Map(pairs));
    const tag = fc.constantFrom(
      'Tagging',
      'TagSet',
      'Tag',
      'Key',
      'Value',
      'Delete',
      'Object',
      'LifecycleConfiguration',
      'Rule',
      'Status',
    );
    const { element } = fc.letrec<{ element: string }>(tie => ({
      element: fc.oneof(
        { maxDepth: 5 },
        text,
        fc
          .tuple(tag, fc.array(tie('element'), { maxLength: 3 }))
          .map(([name, inside]) => `<${name}>${inside.join('')}</${name}>`),
      ),
    }));
    fc.assert(
      fc.property(method, path, query, headers, element, (verb, where, what, given, body) => {
        const request = { method: verb, path: where, query: what, headers: given, body: noBody };
        answers(wire, request, Buffer.from(body));
      }),
      { numRuns: 2000 },
    );
  });
});

suite('sizes', () => {
  /** Twice the input may not cost much more than twice the work; a quadratic reader would hang here. */
  const big = 1 << 20;

  test('a form of one megabyte', () => {
    const wire = queryService({
      id: 'iam',
      sdk: iamSdk,
      apiVersion: '2010-05-08',
      xmlNamespace: 'x',
      constraints: iam,
    });
    const start = 'Action=TagUser&Version=2010-05-08&UserName=';
    for (const filler of [
      'a'.repeat(big),
      'a.'.repeat(big / 2),
      `a&${'.'.repeat(big)}`,
      '&'.repeat(big),
      '%20'.repeat(big / 3),
    ]) {
      const request = {
        method: 'POST',
        path: '/',
        query: '',
        headers: new Map<string, string>(),
        body: noBody,
      };
      answers(wire, request, Buffer.from(start + filler));
    }
  });

  test('a document of eight megabytes', () => {
    const wire = restXmlService({ id: 's3', sdk: s3Sdk, xmlNamespace: 'x', constraints: s3 });
    const request = {
      method: 'POST',
      path: '/b',
      query: 'delete',
      headers: new Map<string, string>(),
      body: noBody,
    };
    const many = (piece: string) => piece.repeat((8 * big) / piece.length);
    const fillers = [
      ' ',
      '<',
      '&',
      '&amp;',
      '<!--x-->',
      '<![CDATA[x]]>',
      '<a>',
      '<Object><Key>k</Key></Object>',
      ' a="1"',
      '\n',
    ];
    for (const filler of fillers) {
      answers(wire, request, Buffer.from(`<Delete>${many(filler)}</Delete>`));
      answers(wire, request, Buffer.from(`<Delete ${many(filler)}></Delete>`));
    }
  });
});
