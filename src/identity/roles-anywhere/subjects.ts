import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.js';
import type { Database } from '../../store/tables.js';
import type { Tags } from '../model.js';
import type { Page } from '../page.js';
import type { ReadCertificate } from './certificates.js';
import { anywhereErrors } from './errors.js';
import { anywhereTables, type SeenCredential, type Subject } from './model.js';
import { distinguishedName } from './names.js';
import type { Place } from './resources.js';

/** Certificates that are kept of a subject. */
const MOST_CREDENTIALS = 10;

/** What became of a request for a session. */
interface Attempt {
  readonly failed: boolean;
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

/** Whom certificates that led to a trust anchor were for, by region. */
export class Subjects {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Writes down that somebody asked for a session. Resolves with the subject's id. */
  async note(place: Place, certificate: ReadCertificate, { failed, properties }: Attempt): Promise<string> {
    const name = distinguishedName(certificate.subject);
    const id = idOf(place, name);
    await this.#db.transact(id, async transaction => {
      const key = [place.home.id, place.region, id];
      const now = this.#clock.now();
      const before = await transaction.get(anywhereTables.subjects, ...key);
      const seen = seenCredential(certificate, now, failed);
      const others = (before?.credentials ?? []).filter(one => one.certificate !== seen.certificate);
      transaction.put(anywhereTables.subjects, key, {
        id,
        name,
        created: before?.created ?? now,
        updated: now,
        tags: before?.tags ?? [],
        credentials: [seen, ...others].slice(0, MOST_CREDENTIALS),
        properties,
      });
    });
    return id;
  }

  async find({ home, region }: Place, id: string): Promise<Subject | undefined> {
    return await this.#db.get(anywhereTables.subjects, home.id, region, id);
  }

  /** Throws `ResourceNotFoundException`. */
  demand(found: Subject | undefined, id: string): Subject {
    if (found) return found;
    throw anywhereErrors.ResourceNotFoundException(`The subject ${id} does not exist.`);
  }

  /** In the order of their ids. */
  async list({ home, region }: Place, { after, limit }: Page): Promise<Subject[]> {
    const start = after === undefined ? undefined : [home.id, region, after];
    const rows = await this.#db.list(anywhereTables.subjects, [home.id, region], { after: start, limit });
    return rows.map(row => row.value);
  }

  /** Throws `ResourceNotFoundException`, and what `change` throws. */
  async setTags({ home, region }: Place, id: string, change: (tags: Tags) => Tags): Promise<void> {
    await this.#db.transact(id, async transaction => {
      const key = [home.id, region, id];
      const subject = this.demand(await transaction.get(anywhereTables.subjects, ...key), id);
      transaction.put(anywhereTables.subjects, key, { ...subject, tags: change(subject.tags) });
    });
  }
}

/** A UUID that the name always has in the region of the account. */
function idOf({ home, region }: Place, name: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([home.id, region, name]))
    .digest('hex');
  return [
    hash.slice(0, 8),
    hash.slice(8, 12),
    hash.slice(12, 16),
    hash.slice(16, 20),
    hash.slice(20, 32),
  ].join('-');
}

function seenCredential(
  { x509, serial, issuer }: ReadCertificate,
  seen: number,
  failed: boolean,
): SeenCredential {
  const certificate = x509.toString();
  return {
    serial: BigInt(`0x${serial}`).toString(),
    issuer: distinguishedName(issuer),
    certificate,
    seen,
    failed,
  };
}
