/** What one request of a stranger may take of the processor before others get their turn. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { CreateRoleCommand, CreateSAMLProviderCommand, IAMClient } from '@aws-sdk/client-iam';
import { PutBucketCorsCommand } from '@aws-sdk/client-s3';
import { idpMetadata } from '../../support/saml-idp.js';
import { Victim } from './victim.js';

/** Units of work in one turn of the event loop (see `Victim.longestTurn`). */
const LONGEST = 75;

let victim: Victim;

before(async () => {
  victim = await Victim.start();
  await victim.openBucket('pub', { k: 'v' });
  await victim.openBucket('cors');
  const AllowedHeaders = [...Array.from({ length: 1000 }, (_, i) => `x${i}*y`), 'z*'];
  const CORSRules = [{ AllowedOrigins: ['*'], AllowedMethods: ['GET'], AllowedHeaders }];
  await victim.s3.send(new PutBucketCorsCommand({ Bucket: 'cors', CORSConfiguration: { CORSRules } }));
  const iam = new IAMClient({
    endpoint: victim.server.endpoint,
    region: 'us-east-1',
    credentials: victim.server.credentials,
  });
  await iam.send(new CreateSAMLProviderCommand({ Name: 'corp', SAMLMetadataDocument: idpMetadata() }));
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: 'sr',
      AssumeRolePolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' },
      }),
    }),
  );
  account = Role!.Arn!.split(':')[4]!;
  iam.destroy();
});
after(() => victim.stop());

let account: string;

const form = 'application/x-www-form-urlencoded';

function post(path: string, body: string | Uint8Array, headers: Record<string, string> = {}): Uint8Array {
  const lines = Object.entries({ host: 'a', 'content-length': String(Buffer.byteLength(body)), ...headers });
  const head = `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

const numbered = (count: number, make: (i: number) => string, between = '') =>
  Array.from({ length: count }, (_, i) => make(i)).join(between);

const assume = (parameters: string) =>
  post('/', `Action=AssumeRole&Version=2011-06-15&${parameters}`, { 'content-type': form });

/** A response that nobody signed. `transforms` are asked for, and `body` stands in the assertion. */
function saml(transforms: string, body: string, attributes = ''): string {
  const p = 'urn:oasis:names:tc:SAML:2.0:';
  const ds = 'http://www.w3.org/2000/09/xmldsig#';
  return (
    `<p:Response xmlns:p="${p}protocol" xmlns:a="${p}assertion" ID="r" ${attributes}><ds:Signature xmlns:ds="${ds}"><ds:SignedInfo>` +
    '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>' +
    '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/>' +
    `<ds:Reference URI="#r"><ds:Transforms>${transforms}</ds:Transforms>` +
    '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue>AA==</ds:DigestValue>' +
    '</ds:Reference></ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature>' +
    `<a:Assertion ID="x"><a:Issuer>i${body}</a:Issuer></a:Assertion></p:Response>`
  );
}

function assumeWithSaml(response: string): Uint8Array {
  const parameters = new URLSearchParams({
    Action: 'AssumeRoleWithSAML',
    Version: '2011-06-15',
    RoleArn: `arn:aws:iam::${account}:role/sr`,
    PrincipalArn: `arn:aws:iam::${account}:saml-provider/corp`,
    SAMLAssertion: Buffer.from(response).toString('base64'),
  });
  return post('/', String(parameters), { 'content-type': form });
}

const C14N = '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>';

/** What DeleteObjects takes: with the digest that it asks for, so that the document is looked at. */
const deletion = (body: string | Uint8Array) =>
  post('/pub?delete', body, { 'content-md5': createHash('md5').update(body).digest('base64') });

const attacks: readonly (readonly [name: string, request: () => Uint8Array, answer: RegExp])[] = [
  [
    'objects without keys, to no bucket',
    () => post('/nb?delete', `<Delete>${'<Object/>'.repeat(199_000)}</Delete>`),
    /NoSuchBucket/,
  ],
  [
    'objects without keys, to a bucket',
    () => post('/pub?delete', `<Delete>${'<Object/>'.repeat(199_000)}</Delete>`),
    /MalformedXML/,
  ],
  [
    'references',
    () => deletion(`<Delete><Object><Key>${'&#1;'.repeat(500_000)}</Key></Object></Delete>`),
    /KeyTooLongError|UserKeyMustBeSpecified|MalformedXML/,
  ],
  ['carriage returns', () => deletion(`<Delete>${'\r'.repeat(2_000_000)}</Delete>`), /MalformedXML/],
  ['comments', () => deletion(`<Delete>${'<!---->'.repeat(290_000)}</Delete>`), /MalformedXML/],
  ['attributes', () => deletion(`<Delete ${numbered(150_000, i => `a${i}="" `)}/>`), /MalformedXML/],
  ['depth of XML', () => deletion('<a>'.repeat(600_000)), /MalformedXML/],
  ['a document that is too large', () => deletion(Buffer.alloc(3_000_000, 32)), /MaxMessageLengthExceeded/],
  ['a setting that is too large', () => post('/pub?acl', Buffer.alloc(100_000, 32)), /MethodNotAllowed/],
  [
    'tags',
    () => assume(numbered(60_000, i => `Tags.member.${i + 1}=`, '&').slice(0, 1_000_000)),
    /too|larger|MalformedQueryString|RequestEntityTooLarge/,
  ],
  [
    'tags within the limit',
    () => assume(numbered(9000, i => `Tags.member.${i + 1}=`, '&')),
    /ValidationError|Malformed/,
  ],
  ['names that nest', () => assume(`a${'.1'.repeat(120_000)}=`), /MalformedInput/],
  ['many names that nest', () => assume(numbered(9000, i => `a.${i}.b.c.d.e.f=`, '&')), /ValidationError/],
  ['equal signs and ampersands', () => assume('&'.repeat(250_000)), /MalformedQueryString/],
  ['escapes', () => assume(`RoleArn=${'%41'.repeat(85_000)}`), /ValidationError/],
  [
    'depth of JSON',
    () => post('/', '['.repeat(260_000), { 'x-amz-target': 'TrentService.ListKeys' }),
    /SerializationException/,
  ],
  [
    'lists in JSON',
    () => post('/', `{"a":[${'[],'.repeat(80_000)}[]]}`, { 'x-amz-target': 'TrentService.ListKeys' }),
    /SerializationException/,
  ],
  [
    'numbers in JSON',
    () => post('/', `{"a":[${'1,'.repeat(120_000)}1]}`, { 'x-amz-target': 'TrentService.ListKeys' }),
    /SerializationException/,
  ],
  [
    'transforms of SAML',
    () => assumeWithSaml(saml(C14N.repeat(200), '<b/>'.repeat(5000))),
    /InvalidIdentityToken/,
  ],
  [
    'three transforms',
    () => assumeWithSaml(saml(C14N.repeat(3), '<b/>'.repeat(1000))),
    /InvalidIdentityToken/,
  ],
  ['elements of SAML', () => assumeWithSaml(saml(C14N, '<b/>'.repeat(2900))), /InvalidIdentityToken/],
  [
    'depth of SAML',
    () => assumeWithSaml(saml(C14N, '<b>'.repeat(1400) + '</b>'.repeat(1400))),
    /InvalidIdentityToken/,
  ],
  [
    'namespaces of SAML',
    () =>
      assumeWithSaml(
        saml(
          C14N,
          '<b/>'.repeat(2500),
          numbered(1800, i => `xmlns:a${i}="u" `),
        ),
      ),
    /InvalidIdentityToken/,
  ],
  [
    'attributes of SAML',
    () => assumeWithSaml(saml(C14N, `<b ${numbered(1900, i => `a${i}="" `)}/>`)),
    /InvalidIdentityToken/,
  ],
  [
    'parameters of a URL',
    () => Buffer.from(`GET /pub?${'a&'.repeat(15_000)} HTTP/1.1\r\nhost: a\r\n\r\n`),
    /ListBucketResult|Invalid/,
  ],
  [
    'headers',
    () => Buffer.from(`GET /pub HTTP/1.1\r\nhost: a\r\n${numbered(1900, i => `x${i}: y\r\n`)}\r\n`),
    /HTTP\/1.1/,
  ],
  [
    'a form with fields without end',
    () =>
      post(
        '/pub',
        numbered(9000, i => `--x\r\nContent-Disposition: form-data; name="f${i}"\r\n\r\n\r\n`),
        { 'content-type': 'multipart/form-data; boundary=x' },
      ),
    /MaxPostPreDataLength|MalformedPOSTRequest/,
  ],
  [
    'a preflight of many headers',
    () =>
      Buffer.from(
        `OPTIONS /pub HTTP/1.1\r\nhost: a\r\norigin: http://o\r\naccess-control-request-method: GET\r\naccess-control-request-headers: ${'a,'.repeat(14_000)}\r\n\r\n`,
      ),
    /HTTP\/1.1 403/,
  ],
  [
    'a preflight of different headers, against patterns that nearly match',
    () =>
      Buffer.from(
        `OPTIONS /cors HTTP/1.1\r\nhost: a\r\norigin: http://o\r\naccess-control-request-method: GET\r\naccess-control-request-headers: ${numbered(4500, i => `x${i},`)}\r\n\r\n`,
      ),
    /HTTP\/1.1 403/,
  ],
  [
    'a preflight of the same header, against patterns of which the last matches',
    () =>
      Buffer.from(
        `OPTIONS /cors HTTP/1.1\r\nhost: a\r\norigin: http://o\r\naccess-control-request-method: GET\r\naccess-control-request-headers: ${'z,'.repeat(14_000)}\r\n\r\n`,
      ),
    /HTTP\/1.1 200/,
  ],
  [
    'a page of a website',
    () => Buffer.from(`GET /${'a/'.repeat(500)} HTTP/1.1\r\nhost: pub.s3-website.localhost\r\n\r\n`),
    /HTTP\/1.1 404/,
  ],
  [
    'an agent of 30 KiB',
    () => Buffer.from(`GET /pub/x HTTP/1.1\r\nhost: a\r\nuser-agent: ${'a'.repeat(30_000)}\r\n\r\n`),
    /HTTP\/1.1 404/,
  ],
];

for (const [name, request, answer] of attacks) {
  test(`${name}: answered in small pieces of work`, async t => {
    const bytes = request();
    // The first time compiles.
    const longest = await victim.leastLongestTurn(LONGEST, async () =>
      assert.match(await victim.ask(bytes), answer),
    );
    t.diagnostic(`${longest} units`);
    assert.ok(longest <= LONGEST, `${longest} units of work in one turn`);
    await victim.probe(1);
  });
}
