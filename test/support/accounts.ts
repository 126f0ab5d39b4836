/** Further accounts of a server. */
import { callKarikagi } from '../../src/clients/karikagi-api.js';
import type { RunningServer } from '../../src/index.js';

/** The root user's key of a new account of the server's partition. `id`: 12 digits. */
export async function openAccount({ endpoint, root, settings }: RunningServer, id: string) {
  const target = { endpoint, region: settings.region, credentials: root! };
  const input = { AccountName: `account ${id}`, Partition: settings.partition, AccountId: id };
  const { RootAccessKey: key } = (await callKarikagi(target, 'CreateAccount', input)) as {
    RootAccessKey: { AccessKeyId: string; SecretAccessKey: string };
  };
  return { accessKeyId: key.AccessKeyId, secretAccessKey: key.SecretAccessKey };
}
