import {
  OrganizationsClient,
  type OrganizationsClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-organizations';
import type { CommandImpl } from '@smithy/core/client';
import { type Act, act, operationOf } from './act.js';
import { clientSettings, perRegion } from './credentials.js';

export const organizationsClient = perRegion(() => new OrganizationsClient(clientSettings()));

export function organizations<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
  command: CommandImpl<I, O, OrganizationsClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>,
): Act<O> {
  return act('organizations', operationOf(command), command.input, signal =>
    organizationsClient().send(command, signal ? { abortSignal: signal } : {}),
  );
}
