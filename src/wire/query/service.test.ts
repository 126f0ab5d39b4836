import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as iamSdk from '@aws-sdk/client-iam';
import * as stsSdk from '@aws-sdk/client-sts';
import { ApiError } from '../../core/errors.js';
import type { HttpRequest } from '../../core/http-message.js';
import { iam } from '../../models/iam.js';
import { sts } from '../../models/sts.js';
import type { WireService } from '../types.js';
import { queryService } from './service.js';

const stsWire = queryService({
  id: 'sts',
  sdk: stsSdk,
  apiVersion: '2011-06-15',
  xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
  constraints: sts,
});

const iamWire = queryService({
  id: 'iam',
  sdk: iamSdk,
  apiVersion: '2010-05-08',
  xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/',
  constraints: iam,
});

const noBody = {
  length: 0,
  trailers: new Map(),
  async *[Symbol.asyncIterator]() {},
};

function post(
  form: string | Uint8Array,
  query = '',
  type = 'application/x-www-form-urlencoded; charset=utf-8',
) {
  const headers = new Map([['content-type', type]]);
  const request: HttpRequest = { method: 'POST', path: '/', query, headers, body: noBody };
  return { request, body: Buffer.from(form) };
}

function decode(wire: WireService, { request, body }: ReturnType<typeof post>): unknown {
  const recognised = wire.recognise(request, body);
  return recognised.operation.decode(request, recognised, body);
}

const assume =
  'Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::123456789012:role/r&RoleSessionName=session';
const list = 'Action=ListUsers&Version=2010-05-08';
const deletion = 'Action=GetServiceLinkedRoleDeletionStatus&Version=2010-05-08';

suite('awsQuery requests', () => {
  test('a form', () => {
    assert.deepEqual(decode(stsWire, post(`${assume}&DurationSeconds=900&Policy=%7B%22a%22%3A+1%7D`)), {
      RoleArn: 'arn:aws:iam::123456789012:role/r',
      RoleSessionName: 'session',
      DurationSeconds: 900,
      Policy: '{"a": 1}',
    });
  });

  test('a query, as presigned requests have it; what no parameter is called is ignored', () => {
    const request = {
      method: 'GET',
      path: '/',
      query: `${assume}&X-Amz-Expires=60`,
      headers: new Map(),
      body: noBody,
    };
    assert.deepEqual(Object.keys(decode(stsWire, { request, body: Buffer.alloc(0) }) as object), [
      'RoleArn',
      'RoleSessionName',
    ]);
  });

  test('lists: by number, with gaps, empty', () => {
    const tags = '&Tags.member.10.Key=b&Tags.member.10.Value=2&Tags.member.2.Key=a&Tags.member.2.Value=';
    const input = decode(
      stsWire,
      post(`${assume}${tags}&TransitiveTagKeys=&PolicyArns.member.1.arn=arn:aws:iam::aws:policy/P`),
    );
    assert.deepEqual(input, {
      RoleArn: 'arn:aws:iam::123456789012:role/r',
      RoleSessionName: 'session',
      Tags: [
        { Key: 'a', Value: '' },
        { Key: 'b', Value: '2' },
      ],
      TransitiveTagKeys: [],
      PolicyArns: [{ arn: 'arn:aws:iam::aws:policy/P' }],
    });
  });

  const refused: [
    what: string,
    wire: WireService,
    form: string | Uint8Array,
    code: string,
    status: number,
    message: RegExp,
  ][] = [
    ['no action', stsWire, 'Version=2011-06-15', 'MissingAction', 400, /missing an action/],
    ['an empty body', stsWire, '', 'MissingAction', 400, /missing an action/],
    [
      'an unknown action',
      stsWire,
      'Action=Foo&Version=2011-06-15',
      'InvalidAction',
      400,
      /^Could not find operation Foo for version 2011-06-15$/,
    ],
    [
      "an object's property",
      stsWire,
      'Action=constructor&Version=2011-06-15',
      'InvalidAction',
      400,
      /operation constructor/,
    ],
    [
      'another version',
      stsWire,
      'Action=AssumeRole&Version=2012-01-01',
      'InvalidAction',
      400,
      /for version 2012-01-01$/,
    ],
    ['no version', stsWire, 'Action=AssumeRole', 'InvalidAction', 400, /for version NO_VERSION_SPECIFIED$/],
    ['a broken escape', stsWire, `${assume}&Policy=%zz`, 'MalformedQueryString', 404, /syntax error/],
    [
      'an escape that is no UTF-8',
      stsWire,
      `${assume}&Policy=%ff`,
      'MalformedQueryString',
      404,
      /syntax error/,
    ],
    ['bytes that are no UTF-8', stsWire, Buffer.from([0xff]), 'MalformedQueryString', 404, /syntax error/],
    [
      'a parameter given twice',
      stsWire,
      `${assume}&RoleSessionName=other`,
      'MalformedQueryString',
      404,
      /syntax error/,
    ],
    ['a number that is none', stsWire, `${assume}&DurationSeconds=1h`, 'MalformedInput', 400, /integer/],
    ['a fraction', stsWire, `${assume}&DurationSeconds=900.5`, 'MalformedInput', 400, /integer/],
    ['an empty number', stsWire, `${assume}&DurationSeconds=`, 'MalformedInput', 400, /integer/],
    [
      'a boolean that is none',
      iamWire,
      'Action=UpdateLoginProfile&Version=2010-05-08&UserName=u&PasswordResetRequired=yes',
      'MalformedInput',
      400,
      /boolean must follow xsd1.1/,
    ],
    [
      'a structure where text belongs',
      stsWire,
      `${assume}&Policy.a=1`,
      'MalformedInput',
      400,
      /not expected/,
    ],
    ['text where a list belongs', stsWire, `${assume}&Tags=x`, 'MalformedInput', 400, /list/],
    [
      'text where a structure belongs',
      stsWire,
      `${assume}&Tags.member.1=x`,
      'MalformedInput',
      400,
      /structure/,
    ],
    [
      'a list numbered from 0',
      stsWire,
      `${assume}&TransitiveTagKeys.member.0=x`,
      'MalformedInput',
      400,
      /numbered/,
    ],
    [
      'a list with names for numbers',
      stsWire,
      `${assume}&TransitiveTagKeys.member.__proto__=x`,
      'MalformedInput',
      400,
      /numbered/,
    ],
    [
      'a broken constraint',
      stsWire,
      `${assume}x&DurationSeconds=1`,
      'ValidationError',
      400,
      /^1 validation error detected: Value '1' at 'durationSeconds'/,
    ],
    ['a missing parameter', iamWire, deletion, 'ValidationError', 400, /Value null at 'deletionTaskId'/],
    [
      'an enumeration',
      iamWire,
      'Action=ListPolicies&Version=2010-05-08&Scope=Mine',
      'ValidationError',
      400,
      /enum value set: \[All, AWS, Local\]/,
    ],
  ];
  for (const [what, wire, form, code, status, message] of refused) {
    test(`refuses ${what}`, () => {
      assert.throws(
        () => decode(wire, post(form)),
        (error: unknown) =>
          error instanceof ApiError &&
          error.code === code &&
          error.status === status &&
          message.test(error.message),
      );
    });
  }

  test('a body that is no form is not read as one', () => {
    assert.throws(() => decode(iamWire, post(list, '', 'application/json')), { code: 'MissingAction' });
    assert.deepEqual(decode(iamWire, post('{}', list, 'application/json')), {});
  });
});

suite('awsQuery replies', () => {
  const operation = (wire: WireService, form: string) => {
    const { request, body } = post(form);
    return wire.recognise(request, body).operation;
  };

  test('a result', () => {
    const identity = operation(stsWire, 'Action=GetCallerIdentity&Version=2011-06-15');
    const reply = identity.encode({ UserId: 'AIDA', Account: '123456789012', Arn: 'a&b' }, 'REQ');
    assert.deepEqual(reply, {
      status: 200,
      headers: { 'content-type': 'text/xml', 'x-amzn-requestid': 'REQ' },
      body:
        '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
        '<UserId>AIDA</UserId><Account>123456789012</Account><Arn>a&amp;b</Arn></GetCallerIdentityResult>' +
        '<ResponseMetadata><RequestId>REQ</RequestId></ResponseMetadata></GetCallerIdentityResponse>\n',
    });
  });

  test('nothing to tell', () => {
    const reply = operation(iamWire, 'Action=DeleteUser&Version=2010-05-08').encode(undefined, 'REQ');
    assert.equal(
      reply.body,
      '<DeleteUserResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">' +
        '<ResponseMetadata><RequestId>REQ</RequestId></ResponseMetadata></DeleteUserResponse>\n',
    );
  });

  test('an error of the client, under its awsQueryError code', () => {
    const error = new ApiError('MalformedPolicyDocumentException', 400, 'Syntax <errors>', {
      members: { Extra: '1' },
    });
    const reply = stsWire.encodeError(error, { requestId: 'REQ', path: '/', head: false });
    assert.equal(reply.status, 400);
    assert.equal(
      reply.body,
      '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>' +
        '<Code>MalformedPolicyDocument</Code><Message>Syntax &lt;errors&gt;</Message><Extra>1</Extra></Error>' +
        '<RequestId>REQ</RequestId></ErrorResponse>\n',
    );
  });

  test('an error of the server', () => {
    const reply = iamWire.encodeError(
      new ApiError('ServiceFailure', 500, 'm', { headers: { 'retry-after': '1' } }),
      {
        requestId: 'REQ',
        path: '/',
        head: false,
      },
    );
    assert.equal(reply.status, 500);
    assert.equal(reply.headers['retry-after'], '1');
    assert.match(reply.body as string, /<Type>Receiver<\/Type><Code>ServiceFailure<\/Code>/);
  });
});
