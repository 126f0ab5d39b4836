/** One of many processes that want the keys of one role: prints them. It loads what asks STS only where it must. */
import { renewing } from '../../src/credentials/renewing.js';
import { SharedCache } from '../../src/credentials/shared-cache.js';
import type { RoleCredentials } from '../../src/credentials/types.js';

const [roleArn = '', externalId, endpoint, region] = process.argv.slice(2);
const fetchKeys = async () => {
  const { assumeRole } = await import('../../src/credentials/assume-role.js');
  return await assumeRole({ roleArn, externalId, endpoint, region })();
};
const cache = new SharedCache<RoleCredentials>({ of: { roleArn, externalId } });
const keys = renewing(fetchKeys, { cache });
const { accessKeyId, secretAccessKey, sessionToken, expiration } = await keys.get();
process.stdout.write(JSON.stringify([accessKeyId, secretAccessKey, sessionToken, expiration]));
await keys.settled();
