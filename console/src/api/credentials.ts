/** The keys that clients sign with: always those of now, renewed where that is possible. */
import { now } from '../clock.js';
import { currentIdentity, type Keys, session } from '../session/store.js';

/** Before the end of a role's session, milliseconds: then it is renewed. */
const EARLY = 5 * 60_000;

type Renew = () => Promise<void>;
let renew: Renew | undefined;
let renewing: Promise<void> | undefined;

/** How a role's session is renewed; said by what knows STS. */
export function renewWith(by: Renew): void {
  renew = by;
}

/** Throws where no one is signed in. */
export async function currentKeys(): Promise<Keys> {
  const { signedIn } = session();
  const { expires } = signedIn?.role?.keys ?? {};
  if (renew && expires !== undefined && expires - EARLY < now()) {
    renewing ??= renew().finally(() => (renewing = undefined));
    // Where it fails, the present keys hold for as long as they do.
    await renewing.catch(() => undefined);
  }
  const identity = currentIdentity();
  if (identity === undefined) throw new Error('no one is signed in');
  return identity.keys;
}

/** What every client is made with. `keys`: other than those of who is signed in. */
export function clientSettings(keys?: Keys) {
  return {
    endpoint: location.origin,
    region: session().signedIn?.region ?? 'us-east-1',
    credentials: async () => {
      const { accessKeyId, secretAccessKey, sessionToken } = keys ?? (await currentKeys());
      // Asked again for each request: the present keys may be others by then.
      return { accessKeyId, secretAccessKey, sessionToken, expiration: new Date(now() + 1000) };
    },
    maxAttempts: 2,
  };
}

/** Makes a client once for each region. */
export function perRegion<C>(make: () => C): () => C {
  const made = new Map<string, C>();
  return () => {
    const region = session().signedIn?.region ?? '';
    let client = made.get(region);
    if (client === undefined) made.set(region, (client = make()));
    return client;
  };
}
