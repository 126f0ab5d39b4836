import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as kmsSdk from '@aws-sdk/client-kms';
import { ApiError } from '../../core/errors.js';
import type { HttpRequest } from '../../core/http-message.js';
import { kms } from '../../models/kms.js';
import { defineOperation, types } from '../define.js';
import type { WireService } from '../types.js';
import { jsonService } from './service.js';

const kmsWire = jsonService({ id: 'kms', sdk: kmsSdk, target: 'TrentService', constraints: kms });

function requestOf(target: string, method = 'POST'): HttpRequest {
  return {
    method,
    path: '/',
    query: '',
    headers: new Map([['x-amz-target', target]]),
    body: undefined as never,
  };
}

function decode(wire: WireService, target: string, body: string | Uint8Array): unknown {
  const request = requestOf(target);
  const recognised = wire.recognise(request, undefined);
  return recognised.operation.decode(request, recognised, Buffer.from(body));
}

suite('awsJson requests', () => {
  test('typed values; unknown members and nulls are ignored', () => {
    const body = JSON.stringify({
      KeyId: 'alias/a',
      Plaintext: 'AQID',
      EncryptionContext: { a: '1', b: null },
      DryRun: false,
      GrantTokens: null,
      Unknown: [],
    });
    assert.deepEqual(decode(kmsWire, 'TrentService.Encrypt', body), {
      KeyId: 'alias/a',
      Plaintext: Buffer.from([1, 2, 3]),
      EncryptionContext: { a: '1' },
      DryRun: false,
    });
  });

  test('no body is an empty input', () => {
    assert.deepEqual(decode(kmsWire, 'TrentService.ListKeys', ''), {});
  });

  test('keys of a map are only keys', () => {
    const body = '{"KeyId":"k","Plaintext":"","EncryptionContext":{"__proto__":"p"}}';
    assert.throws(() => decode(kmsWire, 'TrentService.Encrypt', body), { code: 'ValidationException' });
    const whole = '{"KeyId":"k","Plaintext":"AQ==","EncryptionContext":{"__proto__":"p"}}';
    const input = decode(kmsWire, 'TrentService.Encrypt', whole) as { EncryptionContext: object };
    assert.deepEqual(Object.entries(input.EncryptionContext), [['__proto__', 'p']]);
  });

  const refused: [what: string, target: string, body: string | Uint8Array, code: string, message: RegExp][] =
    [
      ['an unknown operation', 'TrentService.Foo', '{}', 'UnknownOperationException', /not known/],
      ['no operation', '', '{}', 'UnknownOperationException', /not known/],
      ["another service's operation", 'Other.ListKeys', '{}', 'UnknownOperationException', /not known/],
      ["an object's property", 'TrentService.constructor', '{}', 'UnknownOperationException', /not known/],
      ['what is no JSON', 'TrentService.ListKeys', '{', 'SerializationException', /not JSON/],
      [
        'what is no UTF-8',
        'TrentService.ListKeys',
        Buffer.from('{"Marker":"\xff"}', 'latin1'),
        'SerializationException',
        /not JSON/,
      ],
      [
        'depth without end',
        'TrentService.ListKeys',
        '['.repeat(100_000),
        'SerializationException',
        /not JSON/,
      ],
      [
        'a list for a body',
        'TrentService.ListKeys',
        '[]',
        'SerializationException',
        /Start of list found where not expected/,
      ],
      [
        'null for a body',
        'TrentService.ListKeys',
        'null',
        'SerializationException',
        /NULL_VALUE can not be converted/,
      ],
      [
        'a number for text',
        'TrentService.DescribeKey',
        '{"KeyId":1}',
        'SerializationException',
        /^NUMBER_VALUE can not be converted to a String$/,
      ],
      [
        'text for a number',
        'TrentService.ListKeys',
        '{"Limit":"1"}',
        'SerializationException',
        /^STRING_VALUE can not be converted to an Integer$/,
      ],
      ['a fraction', 'TrentService.ListKeys', '{"Limit":1.5}', 'SerializationException', /NUMBER_VALUE/],
      [
        'text for a boolean',
        'TrentService.CreateKey',
        '{"MultiRegion":"true"}',
        'SerializationException',
        /Boolean/,
      ],
      [
        'a structure for text',
        'TrentService.DescribeKey',
        '{"KeyId":{}}',
        'SerializationException',
        /Start of structure or map found where not expected/,
      ],
      ['text for a list', 'TrentService.CreateKey', '{"Tags":"x"}', 'SerializationException', /list/],
      ['null in a list', 'TrentService.CreateKey', '{"Tags":[null]}', 'SerializationException', /NULL_VALUE/],
      [
        'text for a map',
        'TrentService.Encrypt',
        '{"KeyId":"k","Plaintext":"AQ==","EncryptionContext":"x"}',
        'SerializationException',
        /map/,
      ],
      [
        'what is no base64',
        'TrentService.Encrypt',
        '{"KeyId":"k","Plaintext":"@@"}',
        'SerializationException',
        /Blob/,
      ],
      [
        'a broken constraint',
        'TrentService.ListKeys',
        '{"Limit":1001}',
        'ValidationException',
        /^1 validation error detected: Value '1001' at 'limit'/,
      ],
      ['a missing member', 'TrentService.DescribeKey', '{}', 'ValidationException', /Value null at 'keyId'/],
    ];
  for (const [what, target, body, code, message] of refused) {
    test(`refuses ${what}`, () => {
      assert.throws(
        () => decode(kmsWire, target, body),
        (error: unknown) =>
          error instanceof ApiError &&
          error.code === code &&
          error.status === 400 &&
          message.test(error.message),
      );
    });
  }

  test('refuses another method', () => {
    assert.throws(() => kmsWire.recognise(requestOf('TrentService.ListKeys', 'GET'), undefined), {
      code: 'UnknownOperationException',
    });
  });
});

suite('awsJson replies', () => {
  test('a result', () => {
    const { operation } = kmsWire.recognise(requestOf('TrentService.GetKeyRotationStatus'), undefined);
    const reply = operation.encode(
      { KeyRotationEnabled: true, NextRotationDate: new Date(1500), OnDemandRotationStartDate: undefined },
      'REQ',
    );
    assert.deepEqual(reply, {
      status: 200,
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'REQ' },
      body: '{"KeyRotationEnabled":true,"NextRotationDate":1.5}',
    });
  });

  test('an error', () => {
    const error = new ApiError('NotFoundException', 400, 'Alias is not found.', { members: { Reason: 'r' } });
    assert.deepEqual(kmsWire.encodeError(error, { requestId: 'REQ', path: '/', head: false }), {
      status: 400,
      headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': 'REQ' },
      body: '{"__type":"NotFoundException","message":"Alias is not found.","Reason":"r"}',
    });
  });
});

// Recorded: InvalidCiphertextException, KMSInvalidSignatureException and KMSInvalidMacException are `{"__type":"…"}`.
test('an error without text has no message', () => {
  const error = new ApiError('InvalidCiphertextException', 400, '');
  const reply = kmsWire.encodeError(error, { requestId: 'REQ', path: '/', head: false });
  assert.equal(reply.body, '{"__type":"InvalidCiphertextException"}');
});

suite('operations of our own', () => {
  const note = types.structure('Note', { Text: types.string, Written: types.timestamp });
  const wire = jsonService({
    id: 'karikagi',
    target: 'Karikagi',
    version: '1.0',
    sdk: {
      ListNotes$: defineOperation(
        'ListNotes',
        { Limit: types.number, Labels: types.list('Labels', types.string), Filter: note },
        {
          Notes: types.list('Notes', note),
          Counts: types.map('Counts', types.number),
          Raw: types.document,
          Bytes: types.blob,
          More: types.boolean,
        },
      ),
    },
  });

  test('are read and written like the SDK’s', () => {
    const body = '{"Limit":1,"Labels":["a"],"Filter":{"Text":"t","Written":1.5,"x":1}}';
    assert.deepEqual(decode(wire, 'Karikagi.ListNotes', body), {
      Limit: 1,
      Labels: ['a'],
      Filter: { Text: 't', Written: new Date(1500) },
    });
    const { operation } = wire.recognise(requestOf('Karikagi.ListNotes'), undefined);
    const output = {
      Notes: [{ Text: 't', Written: new Date(2000) }],
      Counts: { a: 1 },
      Raw: { any: [1, null] },
      Bytes: new Uint8Array([255]),
      More: false,
    };
    assert.deepEqual(JSON.parse(operation.encode(output, 'REQ').body as string), {
      Notes: [{ Text: 't', Written: 2 }],
      Counts: { a: 1 },
      Raw: { any: [1, null] },
      Bytes: '/w==',
      More: false,
    });
  });
});
