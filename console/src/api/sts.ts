import {
  type ServiceInputTypes,
  type ServiceOutputTypes,
  STSClient,
  type STSClientResolvedConfig,
} from '@aws-sdk/client-sts';
import type { CommandImpl } from '@smithy/core/client';
import { type Act, act, operationOf } from './act.js';
import { clientSettings, perRegion } from './credentials.js';

const client = perRegion(() => new STSClient(clientSettings()));

export function sts<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
  command: CommandImpl<I, O, STSClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>,
): Act<O> {
  return act('sts', operationOf(command), command.input, signal =>
    client().send(command, signal ? { abortSignal: signal } : {}),
  );
}
