import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { OctetString } from '@peculiar/asn1-schema';
import { Extension, GeneralName, id_ce_nameConstraints, KeyUsageFlags } from '@peculiar/asn1-x509';
import { ApiError } from '../../core/errors.js';
import { DEFAULT_MAPPINGS, sessionTags, withMapping, withoutMapping } from './attribute-mapping.js';
import { authority, certificate, type Made, nameOf, revocationList } from './authority.test.support.js';
import { readCertificate } from './certificates.js';
import type { TrustAnchor } from './model.js';
import { distinguishedName } from './names.js';
import { demandBundle, demandList, verifyCertificate } from './verification.js';

const DAY = 86_400_000;
const NOW = Date.now();
const root = authority();

function anchorOf(...certificates: Made[]): TrustAnchor {
  const bundle = certificates.map(({ pem }) => pem).join('');
  return { id: 'a', name: 'a', enabled: true, created: 0, updated: 0, tags: [], bundle };
}

interface Asked {
  readonly chain?: readonly Made[];
  readonly anchor?: TrustAnchor;
  readonly lists?: readonly string[];
  readonly now?: number;
}

function verified(leaf: Made, { chain = [], anchor = anchorOf(root), lists = [], now = NOW }: Asked = {}) {
  return verifyCertificate({ certificate: leaf.der, chain: chain.map(({ der }) => der) }, anchor, lists, now);
}

/** Refused, with that reason for those who run the server, and one sentence for everybody. */
function refused(reason: RegExp, leaf: Made, asked?: Asked): void {
  assert.throws(
    () => verified(leaf, asked),
    (error: unknown) =>
      error instanceof ApiError &&
      error.code === 'AccessDeniedException' &&
      error.message === 'Untrusted signing certificate' &&
      reason.test(error.detail.reason ?? ''),
    reason.source,
  );
}

const issued = (wanted: Parameters<typeof certificate>[0] = {}) => certificate({ issuer: root, ...wanted });

suite('a certificate leads to the trust anchor', () => {
  test('directly, by authorities between in any order, and from either of two anchors', () => {
    assert.equal(verified(issued()).subject.at(-1)?.value, 'agent');
    const upper = authority({ subject: [['CN', 'upper']], issuer: root });
    const lower = authority({ subject: [['CN', 'lower']], issuer: upper });
    const leaf = certificate({ issuer: lower });
    verified(leaf, { chain: [lower, upper] });
    verified(leaf, { chain: [upper, lower] });
    // An anchor need not be a root.
    verified(leaf, { anchor: anchorOf(lower) });
    const other = authority({ subject: [['CN', 'other']] });
    verified(issued(), { anchor: anchorOf(other, root) });
    refused(/does not lead/, leaf, { chain: [lower] });
    refused(/does not lead/, leaf);
  });

  test('whatever key it has: RSA, and curves by every hash that is strong', () => {
    verified(issued({ key: 'rsa' }));
    verified(issued({ hash: 'sha512' }));
    const rsaRoot = authority({ key: 'rsa' });
    verified(certificate({ issuer: rsaRoot }), { anchor: anchorOf(rsaRoot) });
  });

  test('not where another key signed it, though the names fit', () => {
    refused(/does not lead/, issued({ signer: authority().privateKey }));
    refused(/does not lead/, certificate({ issuer: authority() }));
    refused(/does not lead/, certificate());
  });

  test('not before and after its time, nor that of an authority', () => {
    refused(/has expired/, issued({ until: new Date(NOW - 1000) }));
    refused(/not yet valid/, issued({ from: new Date(NOW + DAY) }));
    const leaf = issued();
    refused(/has expired/, leaf, { now: NOW + 31 * DAY });
    const old = authority({ until: new Date(NOW - 1000) });
    refused(/does not lead/, certificate({ issuer: old }), { anchor: anchorOf(old) });
    const between = authority({ subject: [['CN', 'between']], issuer: root, until: new Date(NOW - 1000) });
    refused(/does not lead/, certificate({ issuer: between }), { chain: [between] });
  });

  test('not through what is no authority', () => {
    const between = (wanted: Parameters<typeof certificate>[0]) => {
      const made = authority({ subject: [['CN', 'between']], issuer: root, ...wanted });
      refused(/does not lead/, certificate({ issuer: made }), { chain: [made] });
    };
    between({ ca: false, usage: KeyUsageFlags.keyCertSign });
    between({ usage: KeyUsageFlags.digitalSignature });
    between({ usage: undefined });
    between({ plain: true });
  });

  test('not through more authorities than one allows below it', () => {
    const narrow = authority({ subject: [['CN', 'narrow']], pathLength: 0 });
    verified(certificate({ issuer: narrow }), { anchor: anchorOf(narrow) });
    const between = authority({ subject: [['CN', 'between']], issuer: narrow });
    refused(/does not lead/, certificate({ issuer: between }), {
      chain: [between],
      anchor: anchorOf(narrow),
    });
    const roomy = authority({ subject: [['CN', 'roomy']], pathLength: 1 });
    const below = authority({ subject: [['CN', 'below']], issuer: roomy });
    verified(certificate({ issuer: below }), { chain: [below], anchor: anchorOf(roomy) });
  });
});

suite('a certificate is refused', () => {
  test('that is not for signing, or is an authority', () => {
    refused(/key usage/, issued({ usage: KeyUsageFlags.keyEncipherment }));
    refused(/key usage/, issued({ usage: undefined }));
    refused(/basic constraints/, issued({ ca: true, usage: KeyUsageFlags.digitalSignature }));
    refused(
      /basic constraints/,
      issued({ ca: true, usage: KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign }),
    );
    refused(/basic constraints/, root);
  });

  test('that is not of version 3, or weak', () => {
    refused(/version 3/, issued({ version: 0 }));
    refused(/SHA-256/, issued({ hash: 'sha1' }));
    refused(/2048/, issued({ key: 'rsa-1024' }));
    refused(/P-256/, issued({ key: 'ed25519' }));
    const weak = authority({ hash: 'sha1' });
    assert.throws(() => demandBundle(weak.pem), /SHA-256/);
  });

  test('that says what is not understood here', () => {
    const extension = (oid: string, critical: boolean, value: Uint8Array = Buffer.of(5, 0)) =>
      issued({ extensions: [{ oid, critical, value }] });
    verified(extension('1.3.6.1.4.1.99999.1', false));
    refused(/critical extension 1\.3\.6\.1\.4\.1\.99999\.1/, extension('1.3.6.1.4.1.99999.1', true));
    refused(/constrains names/, extension(id_ce_nameConstraints, true, Buffer.of(0x30, 0)));
    refused(/twice/, extension('2.5.29.15', true, Buffer.from('03020780', 'hex')));
    // Server authentication alone, and client authentication.
    const purpose = (last: number) =>
      Buffer.from(`300a06082b060105050703${last.toString(16).padStart(2, '0')}`, 'hex');
    refused(/client authentication/, extension('2.5.29.37', true, purpose(1)));
    verified(extension('2.5.29.37', true, purpose(2)));
    verified(extension('2.5.29.37', false, purpose(1)));
  });

  test('that is none', () => {
    const leaf = issued();
    const changed = (change: (der: Buffer) => Buffer) => ({ ...leaf, der: change(Buffer.from(leaf.der)) });
    refused(
      /no certificate/,
      changed(() => Buffer.from('hello')),
    );
    refused(
      /More follows/,
      changed(der => Buffer.concat([der, Buffer.of(0)])),
    );
    refused(
      /at most/,
      changed(der => Buffer.concat([der, Buffer.alloc(17_000)])),
    );
    // The last byte belongs to the signature.
    refused(
      /does not lead|no certificate/,
      changed(der => Buffer.concat([der.subarray(0, -1), Buffer.of(der.at(-1)! ^ 1)])),
    );
    refused(/no certificate/, issued(), { chain: [changed(() => Buffer.from('hello'))] });
  });
});

suite('a revocation list', () => {
  const leaf = issued();
  const other = issued();
  const list = revocationList(root, [leaf]);

  test('ends the certificates that are on it, also after its next update was due', () => {
    refused(/revoked/, leaf, { lists: [list] });
    verified(other, { lists: [list] });
    const old = revocationList(root, [leaf], { nextUpdate: new Date(NOW - DAY / 2) });
    refused(/revoked/, leaf, { lists: [revocationList(root, []), old] });
  });

  test('of one authority says nothing of the certificates of another', () => {
    const upper = authority({ subject: [['CN', 'upper']], issuer: root });
    const same = certificate({ issuer: upper, serial: leaf.serial });
    verified(same, { chain: [upper], lists: [list] });
    refused(/revoked/, same, { chain: [upper], lists: [revocationList(upper, [same])] });
    // The authority itself may be revoked by the one above.
    refused(/revoked/, same, { chain: [upper], lists: [revocationList(root, [upper])] });
    // In the name of the authority, by another key.
    verified(leaf, { lists: [revocationList(root, [leaf], { signer: authority().privateKey })] });
  });

  test('is taken from the anchor alone, in PEM, signed with what is strong', () => {
    const taken = (pem: string, anchor = anchorOf(root)) => demandList(pem, anchor);
    taken(list);
    taken(revocationList(authority({ subject: [['CN', 'between']], issuer: root }), []));
    assert.throws(() => taken(revocationList(root, [], { signer: authority().privateKey })), /did not sign/);
    assert.throws(() => taken(revocationList(root, [], { hash: 'sha1' })), /SHA-256/);
    assert.throws(() => taken('hello'), /PEM/);
    assert.throws(() => taken(`${list}${list}`), /PEM/);
    assert.throws(() => taken(list.replace(/MI../, 'AAAA')), /no certificate revocation list/);
    const silent = authority({ usage: KeyUsageFlags.keyCertSign });
    assert.throws(() => taken(revocationList(silent, []), anchorOf(silent)), /may not sign/);
    // A list of changes alone (RFC 5280, 5.2.4).
    const delta = new Extension({
      extnID: '2.5.29.27',
      critical: true,
      extnValue: new OctetString(Buffer.of(2, 1, 1)),
    });
    assert.throws(() => taken(revocationList(root, [], { extensions: [delta] })), /2\.5\.29\.27/);
  });
});

test('a bundle holds one or two authorities, and nothing else', () => {
  demandBundle(root.pem);
  demandBundle(`${root.pem}\n${authority().pem}`);
  const wrong: [string, RegExp][] = [
    ['', /no PEM/],
    ['hello', /no PEM/],
    [`${root.pem}hello`, /beside/],
    [root.pem.repeat(3), /at most 2/],
    [certificate().pem, /Incorrect basic constraints for CA certificate/],
    [authority({ usage: KeyUsageFlags.digitalSignature }).pem, /CA certificate/],
  ];
  for (const [pem, words] of wrong) {
    const refusal = (error: unknown) =>
      error instanceof ApiError && error.code === 'ValidationException' && words.test(error.message);
    assert.throws(() => demandBundle(pem), refusal, words.source);
  }
});

suite('attributes of a certificate become tags', () => {
  const names = [
    new GeneralName({ dNSName: 'a.example' }),
    new GeneralName({ dNSName: 'b.example' }),
    new GeneralName({ uniformResourceIdentifier: 'spiffe://example/agent' }),
    new GeneralName({
      directoryName: nameOf([
        ['O', 'dir'],
        ['CN', 'in dir'],
      ]),
    }),
  ];
  const subject = [
    ['O', 'Example'],
    ['OU', 'one'],
    ['OU', 'two'],
    ['1.2.3.4', 'own'],
    ['CN', 'agent'],
  ] as const;
  const read = readCertificate(issued({ subject, names }).der);

  test('by default all of the names, and the first of each kind of alternative names', () => {
    assert.deepEqual(Object.fromEntries(sessionTags(read, DEFAULT_MAPPINGS)), {
      'x509Issuer/O': 'Karikagi',
      'x509Issuer/CN': 'Root CA',
      'x509SAN/DNS': 'a.example',
      'x509SAN/URI': 'spiffe://example/agent',
      'x509SAN/Name/O': 'dir',
      'x509SAN/Name/CN': 'in dir',
      'x509Subject/O': 'Example',
      'x509Subject/OU': 'one',
      'x509Subject/OU/2': 'two',
      'x509Subject/CN': 'agent',
    });
    assert.equal(distinguishedName(read.subject), 'CN=agent,1.2.3.4=own,OU=two,OU=one,O=Example');
  });

  test('as the profile has it', () => {
    const own = withMapping(withoutMapping(DEFAULT_MAPPINGS, 'x509Subject', undefined), 'x509Subject', [
      'CN',
      'O',
    ]);
    const narrow = withoutMapping(withoutMapping(own, 'x509Issuer', ['*']), 'x509SAN', ['URI', 'Name/*']);
    assert.deepEqual(
      sessionTags(read, narrow).map(([key]) => key),
      ['x509SAN/DNS', 'x509Subject/O', 'x509Subject/CN'],
    );
    assert.throws(() => withMapping(own, 'x509Subject', ['PLANET']), /PLANET/);
    assert.throws(() => withMapping(own, 'x509SAN', ['CN']), /CN/);
    assert.throws(() => withoutMapping(own, 'x509Subject', ['OU']), /no such rule/);
  });

  // aws/rolesanywhere-credential-helper, issue 188: parentheses; issue 77: the words.
  test('unless STS does not take the value', () => {
    const odd = readCertificate(issued({ subject: [['CN', 'John M. Smith (EMP12345)']] }).der);
    assert.throws(
      () => sessionTags(odd, DEFAULT_MAPPINGS),
      /Some attributes failed to be mapped into session tags\. Issuer: \[ {2}\]; Subject: \[ CN \]; SAN: \[ {2}\]/,
    );
    assert.equal(sessionTags(odd, withoutMapping(DEFAULT_MAPPINGS, 'x509Subject', undefined)).length, 2);
  });
});
