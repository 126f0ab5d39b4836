import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encoded, idpMetadata, samlResponse, signXml } from '../../../test/support/saml-idp.js';
import { ManualClock } from '../../core/clock.js';
import { ApiError } from '../../core/errors.js';
import { openMemoryKv } from '../../store/memory/memory.js';
import { openIdentity } from '../index.js';

const START = Date.UTC(2026, 10, 22);
const PROVIDER = 'arn:aws:iam::111122223333:saml-provider/Directory';
const ROLE = 'arn:aws:iam::111122223333:role/Saml';

async function open() {
  const identity = await openIdentity({
    kv: openMemoryKv(),
    rootKey: new Uint8Array(32),
    clock: new ManualClock(START),
  });
  const { account } = await identity.createAccount({ id: '111122223333', name: 'a', partition: 'aws' });
  await identity.samlProviders.create(account, 'Directory', idpMetadata());
  return (document: string) => identity.samlResponses.verify(account, PROVIDER, encoded(document), 'test');
}

/** The document in pieces that begin with a tag. */
const piecesOf = (document: string) => document.split(/(?=<)/);

/** One change to the pieces: a run of them deleted, copied or moved, or the subject's name put in another's place. */
const change = fc.record({
  kind: fc.constantFrom('delete', 'copy', 'move', 'rename'),
  from: fc.nat(),
  length: fc.integer({ min: 1, max: 40 }),
  to: fc.nat(),
});

function apply(
  pieces: string[],
  { kind, from, length, to }: { kind: string; from: number; length: number; to: number },
) {
  const start = from % pieces.length;
  if (kind === 'rename') {
    return pieces.map((piece, index) =>
      index % 7 === start % 7 ? piece.replace('alice', 'mallory') : piece,
    );
  }
  const run = pieces.slice(start, start + length);
  const rest = kind === 'copy' ? [...pieces] : [...pieces.slice(0, start), ...pieces.slice(start + length)];
  if (kind !== 'delete') rest.splice(to % (rest.length + 1), 0, ...run);
  return rest;
}

test('however a signed response is cut up, it speaks for whom it was signed or for nobody', async () => {
  const verify = await open();
  const attributes = { Role: `${ROLE},${PROVIDER}`, RoleSessionName: 'alice' };
  const plain = samlResponse({ time: START, attributes });
  const documents = [signXml(plain, 'Assertion'), signXml(plain, 'Response')];
  for (const document of documents) assert.equal((await verify(document)).subject, 'alice');
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...documents),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      async (document, changes) => {
        const changed = changes.reduce(apply, piecesOf(document)).join('');
        try {
          const { subject, roleSessionName, roles } = await verify(changed);
          assert.deepEqual(
            [subject, roleSessionName, roles],
            ['alice', 'alice', [{ role: ROLE, provider: PROVIDER }]],
          );
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          assert.equal(error.code, 'InvalidIdentityToken');
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('any octets are answered with a refusal', async () => {
  const verify = await open();
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.string(),
        fc.string().map(text => `<a>${text}</a>`),
      ),
      async document => {
        await assert.rejects(verify(document), error => error instanceof ApiError);
      },
    ),
    { numRuns: 200 },
  );
  const deep = `${'<a>'.repeat(20_000)}${'</a>'.repeat(20_000)}`;
  await assert.rejects(verify(deep), error => error instanceof ApiError);
});
