import {
  IAMClient,
  type IAMClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-iam';
import type { CommandImpl } from '@smithy/core/client';
import { type Act, act, operationOf } from './act.js';
import { clientSettings, perRegion } from './credentials.js';

export const iamClient = perRegion(() => new IAMClient(clientSettings()));

export function iam<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
  command: CommandImpl<I, O, IAMClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>,
): Act<O> {
  return act('iam', operationOf(command), command.input, signal =>
    iamClient().send(command, signal ? { abortSignal: signal } : {}),
  );
}
