import type { SigningCertificate } from '../../core/caller.js';
import type { Clock } from '../../core/clock.js';
import type { Database } from '../../store/tables.js';
import type { ReadCertificate } from './certificates.js';
import { anywhereErrors } from './errors.js';
import { anywhereTables, type Crl, type Profile, type TrustAnchor } from './model.js';
import { type Place, Resources } from './resources.js';
import { Subjects } from './subjects.js';

/** What a region of an account may have. Source: IAM Roles Anywhere User Guide, "Quotas". */
const QUOTAS = { anchors: 50, profiles: 250, listsPerAnchor: 2 };

const reader = () => import('./verification.js');

/** Machines outside that get sessions of roles for certificates: whom to trust, for which roles, and who came. */
export class RolesAnywhere {
  readonly anchors: Resources<TrustAnchor>;
  readonly profiles: Resources<Profile>;
  readonly crls: Resources<Crl>;
  readonly subjects: Subjects;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    const { anchors, profiles, crls } = anywhereTables;
    this.#clock = clock;
    this.anchors = new Resources(db, clock, { table: anchors, noun: 'trust anchor', quota: QUOTAS.anchors });
    this.profiles = new Resources(db, clock, { table: profiles, noun: 'profile', quota: QUOTAS.profiles });
    const quota = QUOTAS.anchors * QUOTAS.listsPerAnchor;
    this.crls = new Resources(db, clock, { table: crls, noun: 'certificate revocation list', quota });
    this.subjects = new Subjects(db, clock);
  }

  /** Throws `ValidationException` for what is no bundle of authorities. */
  async demandBundle(pem: string): Promise<void> {
    (await reader()).demandBundle(pem);
  }

  /** Throws `ValidationException` for what is no revocation list for the anchor. */
  async demandList(pem: string, anchor: TrustAnchor): Promise<void> {
    (await reader()).demandList(pem, anchor);
  }

  /** Throws `ValidationException` for a list more than an anchor may have. */
  demandRoom(lists: readonly Crl[], anchor: string): void {
    if (lists.filter(list => list.anchor === anchor).length < QUOTAS.listsPerAnchor) return;
    const message = `A trust anchor has at most ${QUOTAS.listsPerAnchor} certificate revocation lists.`;
    throw anywhereErrors.ValidationException(message);
  }

  /**
   * The certificate, which leads to the anchor at this moment and stands in none of its enabled revocation lists.
   * Throws `AccessDeniedException`.
   */
  async verify(place: Place, anchor: TrustAnchor, signed: SigningCertificate): Promise<ReadCertificate> {
    const limit = QUOTAS.anchors * QUOTAS.listsPerAnchor;
    const lists = (await this.crls.list(place, { limit })).filter(
      crl => crl.enabled && crl.anchor === anchor.id,
    );
    const { verifyCertificate } = await reader();
    return verifyCertificate(
      signed,
      anchor,
      lists.map(({ list }) => list),
      this.#clock.now(),
    );
  }
}
