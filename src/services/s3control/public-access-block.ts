/**
 * Block Public Access of an account, which holds for all its buckets beside their own ("Blocking public access to your
 * Amazon S3 storage", S3 User Guide). Answers as recorded (LocalStack, test_crud_public_access_block and
 * test_empty_public_access_block).
 */
import type {
  DeletePublicAccessBlockRequest,
  GetPublicAccessBlockOutput,
  GetPublicAccessBlockRequest,
  PutPublicAccessBlockRequest,
} from '@aws-sdk/client-s3-control';
import type { Operation } from '../../core/operation.js';
import { type AccountInput, accountOf, onAccount } from './account.js';
import { errors } from './errors.js';
import type { S3ControlPorts } from './ports.js';

/** An operation on the settings of the account that the request names. */
function accountOperation<I extends AccountInput, O>(
  action: string,
  run: (account: string, input: I, ports: S3ControlPorts) => Promise<O>,
): Operation<S3ControlPorts, I, O, string> {
  return {
    resolve(input) {
      const account = accountOf(input);
      return { requires: [onAccount(account, action)], subject: account };
    },
    run: (account, input, _call, ports) => run(account, input, ports),
  };
}

const WRITE = 's3:PutAccountPublicAccessBlock';

export const PutAccountPublicAccessBlock = accountOperation<PutPublicAccessBlockRequest, object>(
  WRITE,
  async (account, { PublicAccessBlockConfiguration: asked = {} }, { objects }) => {
    const { BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets } = asked;
    const given = [BlockPublicAcls, IgnorePublicAcls, BlockPublicPolicy, RestrictPublicBuckets];
    if (given.every(setting => setting === undefined)) {
      throw errors.InvalidRequest('Must specify at least one configuration.');
    }
    await objects.accountBlocks.put(account, {
      blockPublicAcls: BlockPublicAcls ?? false,
      ignorePublicAcls: IgnorePublicAcls ?? false,
      blockPublicPolicy: BlockPublicPolicy ?? false,
      restrictPublicBuckets: RestrictPublicBuckets ?? false,
    });
    return {};
  },
);

export const GetAccountPublicAccessBlock = accountOperation<
  GetPublicAccessBlockRequest,
  GetPublicAccessBlockOutput
>('s3:GetAccountPublicAccessBlock', async (account, _input, { objects }) => {
  const block = await objects.accountBlocks.find(account);
  if (!block) throw errors.NoSuchPublicAccessBlockConfiguration({ members: { AccountId: account } });
  return {
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: block.blockPublicAcls,
      IgnorePublicAcls: block.ignorePublicAcls,
      BlockPublicPolicy: block.blockPublicPolicy,
      RestrictPublicBuckets: block.restrictPublicBuckets,
    },
  };
});

/** There is no action of its name (Service Authorization Reference). */
export const DeleteAccountPublicAccessBlock = accountOperation<DeletePublicAccessBlockRequest, object>(
  WRITE,
  async (account, _input, { objects }) => {
    await objects.accountBlocks.delete(account);
    return {};
  },
);
