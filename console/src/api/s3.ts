import {
  S3Client,
  type S3ClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-s3';
import type { CommandImpl } from '@smithy/core/client';
import { type Act, act, operationOf } from './act.js';
import { clientSettings, perRegion } from './credentials.js';

/** Path style: the page's own host is the one that it may reach. */
export const s3Client = perRegion(
  () =>
    new S3Client({
      ...clientSettings(),
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    }),
);

export function s3<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
  command: CommandImpl<I, O, S3ClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>,
): Act<O> {
  return act('s3', operationOf(command), command.input, signal =>
    s3Client().send(command, signal ? { abortSignal: signal } : {}),
  );
}
