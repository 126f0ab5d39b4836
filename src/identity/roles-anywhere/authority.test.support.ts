/** Certificates and revocation lists as tests want them, right and wrong. */
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import * as x509 from '@peculiar/asn1-x509';

/** A certificate with its private key. */
export interface Made {
  readonly pem: string;
  readonly der: Buffer;
  readonly privateKey: KeyObject;
  readonly serial: bigint;
  readonly subject: x509.Name;
}

export type Rdn = readonly (readonly [oid: string, value: string])[];

export interface Wanted {
  /** `CN` and `OU` by their short names. */
  readonly subject?: Rdn;
  /** Default: itself. */
  readonly issuer?: Made;
  /** In the place of the issuer's own: for signatures that do not hold. */
  readonly signer?: KeyObject;
  readonly ca?: boolean;
  readonly pathLength?: number;
  /** `x509.KeyUsageFlags`; default: what an authority or an end entity has. */
  readonly usage?: number | undefined;
  readonly names?: readonly x509.GeneralName[];
  readonly from?: Date;
  readonly until?: Date;
  readonly key?: 'ec' | 'rsa' | 'rsa-1024' | 'ed25519';
  readonly hash?: 'sha1' | 'sha256' | 'sha512';
  /** 2 is version 3. */
  readonly version?: number;
  readonly serial?: bigint;
  /** Beside those that the rest makes. */
  readonly extensions?: readonly { oid: string; critical?: boolean; value: Uint8Array }[];
  /** Without basic constraints. */
  readonly plain?: boolean;
}

const OIDS: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  O: '2.5.4.10',
  OU: '2.5.4.11',
};
const { digitalSignature, keyCertSign, cRLSign } = x509.KeyUsageFlags;
const DAY = 86_400_000;
let rsa: ReturnType<typeof generateKeyPairSync> | undefined;

function keyPair(kind: Wanted['key']) {
  if (kind === 'ed25519') return generateKeyPairSync('ed25519');
  if (kind === 'rsa-1024') return generateKeyPairSync('rsa', { modulusLength: 1024 });
  if (kind === 'rsa') return (rsa ??= generateKeyPairSync('rsa', { modulusLength: 2048 }));
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

export function nameOf(parts: Rdn): x509.Name {
  return new x509.Name(
    parts.map(([type, utf8String]) => {
      const value = new x509.AttributeValue({ utf8String });
      return new x509.RelativeDistinguishedName([
        new x509.AttributeTypeAndValue({ type: OIDS[type] ?? type, value }),
      ]);
    }),
  );
}

const ALGORITHMS: Readonly<Record<string, string>> = {
  'rsa sha1': '1.2.840.113549.1.1.5',
  'rsa sha256': '1.2.840.113549.1.1.11',
  'rsa sha512': '1.2.840.113549.1.1.13',
  'ec sha1': '1.2.840.10045.4.1',
  'ec sha256': '1.2.840.10045.4.3.2',
  'ec sha512': '1.2.840.10045.4.3.4',
};

const algorithmOf = (key: KeyObject, hash: string) =>
  new x509.AlgorithmIdentifier({
    algorithm: ALGORITHMS[`${key.asymmetricKeyType} ${hash}`]!,
    ...(key.asymmetricKeyType === 'rsa' && { parameters: null }),
  });

function extension(extnID: string, value: object, critical = true): x509.Extension {
  return new x509.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function integer(value: bigint): ArrayBuffer {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  const bytes = Buffer.from(/^[89a-f]/.test(even) ? `00${even}` : even, 'hex');
  return new Uint8Array(bytes).buffer as ArrayBuffer;
}

function extensionsOf(wanted: Wanted): x509.Extension[] {
  const { ca = false, pathLength, names, plain, extensions = [] } = wanted;
  const usage = 'usage' in wanted ? wanted.usage : ca ? keyCertSign | cRLSign : digitalSignature;
  const constraints = new x509.BasicConstraints({
    cA: ca,
    ...(pathLength !== undefined && { pathLenConstraint: pathLength }),
  });
  return [
    ...(plain ? [] : [extension(x509.id_ce_basicConstraints, constraints)]),
    ...(usage === undefined ? [] : [extension(x509.id_ce_keyUsage, new x509.KeyUsage(usage))]),
    ...(names
      ? [extension(x509.id_ce_subjectAltName, new x509.SubjectAlternativeName([...names]), false)]
      : []),
    ...extensions.map(
      ({ oid, critical = false, value }) =>
        new x509.Extension({ extnID: oid, critical, extnValue: new OctetString(value) }),
    ),
  ];
}

/** A certificate that is right unless `wanted` says otherwise; it holds from a day ago for a month. */
export function certificate(wanted: Wanted = {}, now = Date.now()): Made {
  const { privateKey, publicKey } = keyPair(wanted.key) as { privateKey: KeyObject; publicKey: KeyObject };
  const {
    issuer,
    hash = 'sha256',
    version = 2,
    serial = BigInt(`0x7e${randomBytes(8).toString('hex')}`),
  } = wanted;
  const subject = nameOf(wanted.subject ?? [['CN', 'agent']]);
  const signer = wanted.signer ?? issuer?.privateKey ?? privateKey;
  const signature = algorithmOf(signer, hash);
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const body = new x509.TBSCertificate({
    version,
    serialNumber: integer(serial),
    signature,
    issuer: issuer?.subject ?? subject,
    validity: new x509.Validity({
      notBefore: wanted.from ?? new Date(now - DAY),
      notAfter: wanted.until ?? new Date(now + 30 * DAY),
    }),
    subject,
    subjectPublicKeyInfo: AsnConvert.parse(spki, x509.SubjectPublicKeyInfo),
    ...(version === 2 && { extensions: new x509.Extensions(extensionsOf(wanted)) }),
  });
  const signatureValue = signatureOf(hash, AsnConvert.serialize(body), signer);
  const made = new x509.Certificate({ tbsCertificate: body, signatureAlgorithm: signature, signatureValue });
  const der = Buffer.from(AsnConvert.serialize(made));
  return { pem: pemOf('CERTIFICATE', der), der, privateKey, serial, subject };
}

function signatureOf(hash: string, bytes: ArrayBuffer, signer: KeyObject): ArrayBuffer {
  return new Uint8Array(sign(hash, new Uint8Array(bytes), signer)).buffer as ArrayBuffer;
}

function pemOf(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

interface WantedList {
  readonly signer?: KeyObject;
  readonly hash?: 'sha1' | 'sha256';
  readonly nextUpdate?: Date;
  readonly extensions?: readonly x509.Extension[];
}

/** The authority's list of those that it has revoked, in PEM. */
export function revocationList(
  issuer: Made,
  revoked: readonly Made[],
  { signer = issuer.privateKey, hash = 'sha256', nextUpdate, extensions }: WantedList = {},
  now = Date.now(),
): string {
  const signature = algorithmOf(signer, hash);
  const time = (date: Date) => new x509.Time(date);
  const body = new x509.TBSCertList({
    version: 1,
    signature,
    issuer: issuer.subject,
    thisUpdate: time(new Date(now - DAY)),
    nextUpdate: time(nextUpdate ?? new Date(now + DAY)),
    ...(revoked.length > 0 && {
      revokedCertificates: revoked.map(
        ({ serial }) =>
          new x509.RevokedCertificate({
            userCertificate: integer(serial),
            revocationDate: time(new Date(now - DAY)),
          }),
      ),
    }),
    ...(extensions && { crlExtensions: [...extensions] }),
  });
  const list = new x509.CertificateList({
    tbsCertList: body,
    signatureAlgorithm: signature,
    signature: signatureOf(hash, AsnConvert.serialize(body), signer),
  });
  return pemOf('X509 CRL', Buffer.from(AsnConvert.serialize(list)));
}

/** An authority: `CN=Root CA`. */
export function authority(wanted: Wanted = {}, now?: number): Made {
  return certificate(
    {
      subject: [
        ['O', 'Karikagi'],
        ['CN', 'Root CA'],
      ],
      ca: true,
      ...wanted,
    },
    now,
  );
}
