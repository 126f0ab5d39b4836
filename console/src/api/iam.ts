import {
  IAMClient,
  type IAMClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-iam';
import type { CommandImpl } from '@smithy/core/client';
import { type Act, act, operationOf } from './act.js';
import { clientSettings, perRegion } from './credentials.js';

const client = perRegion(() => new IAMClient(clientSettings()));

export function iam<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
  command: CommandImpl<I, O, IAMClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>,
): Act<O> {
  return act('iam', operationOf(command), command.input, signal =>
    client().send(command, signal ? { abortSignal: signal } : {}),
  );
}
