import {
  KMSClient,
  type KMSClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-kms';
import type { CommandImpl } from '@smithy/core/client';
import { type Act, act, operationOf } from './act.js';
import { clientSettings, perRegion } from './credentials.js';

const client = perRegion(() => new KMSClient(clientSettings()));

/** Of another region than the page's. */
export const kmsClientOf = (region: string) => new KMSClient({ ...clientSettings(), region });

export function kms<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
  command: CommandImpl<I, O, KMSClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>,
): Act<O> {
  return act('kms', operationOf(command), command.input, signal =>
    client().send(command, signal ? { abortSignal: signal } : {}),
  );
}
