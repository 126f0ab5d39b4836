/** S3 Control: tags of buckets by ARN, and Block Public Access of accounts. */
import { type Operations, type Service, service } from '../../core/operation.js';
import type { S3ControlPorts } from './ports.js';
import {
  DeleteAccountPublicAccessBlock,
  GetAccountPublicAccessBlock,
  PutAccountPublicAccessBlock,
} from './public-access-block.js';
import { ListTagsForResource, TagResource, UntagResource } from './tags.js';

const operations: Operations<S3ControlPorts> = {
  DeleteAccountPublicAccessBlock,
  GetAccountPublicAccessBlock,
  ListTagsForResource,
  PutAccountPublicAccessBlock,
  TagResource,
  UntagResource,
};

/** Requests to it are signed for S3, and count as S3's (as CloudTrail has them, `s3.amazonaws.com`). */
export function s3ControlService(ports: S3ControlPorts): Service {
  return service('s3', ports, operations);
}

export type { BucketAccess, S3ControlPorts } from './ports.js';
