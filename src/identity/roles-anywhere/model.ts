/** The records of IAM Roles Anywhere. Each stands in one region of an account. Times: milliseconds since the epoch. */
import { table } from '../../store/tables.js';
import type { Tags } from '../model.js';

/** What anchors, profiles and revocation lists have in common. */
export interface AnywhereResource {
  /** A UUID. */
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly created: number;
  readonly updated: number;
  readonly tags: Tags;
}

export interface TrustAnchor extends AnywhereResource {
  /** Of the authorities, PEM. */
  readonly bundle: string;
}

export type CertificateField = 'x509Subject' | 'x509Issuer' | 'x509SAN';

/** Which parts of a field become tags: `CN`, `*`, `Name/CN`. */
export interface AttributeMapping {
  readonly certificateField: CertificateField;
  readonly specifiers: readonly string[];
}

export interface Profile extends AnywhereResource {
  readonly roleArns: readonly string[];
  readonly managedPolicyArns: readonly string[];
  readonly sessionPolicy?: string | undefined;
  /** Seconds. */
  readonly duration: number;
  readonly acceptsSessionName: boolean;
  /** Kept and shown; AWS's own documentation calls it unused. */
  readonly requiresInstanceProperties: boolean;
  readonly mappings: readonly AttributeMapping[];
}

export interface Crl extends AnywhereResource {
  /** Id of the trust anchor. */
  readonly anchor: string;
  /** PEM. */
  readonly list: string;
}

/** A certificate that asked for sessions. */
export interface SeenCredential {
  readonly serial: string;
  readonly issuer: string;
  /** PEM. */
  readonly certificate: string;
  readonly seen: number;
  /** Whether the last request with it was refused. */
  readonly failed: boolean;
}

/** Whom certificates are for, by their subject. */
export interface Subject {
  readonly id: string;
  /** The distinguished name. */
  readonly name: string;
  readonly created: number;
  readonly updated: number;
  readonly tags: Tags;
  /** The one used last first. */
  readonly credentials: readonly SeenCredential[];
  /** What the last request said of its machine. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

/** Keys: account, region, id. */
export const anywhereTables = {
  anchors: table<TrustAnchor>('trust-anchor'),
  profiles: table<Profile>('anywhere-profile'),
  crls: table<Crl>('certificate-revocation-list'),
  subjects: table<Subject>('anywhere-subject'),
};
