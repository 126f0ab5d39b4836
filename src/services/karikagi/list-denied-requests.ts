import type { Operation } from '../../operation.js';
import { visibleTo } from '../../policy/index.js';
import type { KarikagiPorts } from './ports.js';

interface Input {
  readonly MaxItems?: number;
}

interface DeniedRequest {
  readonly RequestId: string;
  readonly EventTime: Date;
  readonly Principal: string;
  readonly Action: string;
  readonly Resource: string;
  /** One paragraph, as far as the caller's account may see it. */
  readonly Summary: string;
}

/** The latest denied requests of the caller's account, newest first; 20 unless told. */
export const listDeniedRequests: Operation<KarikagiPorts, Input, { DeniedRequests: DeniedRequest[] }> = {
  name: 'ListDeniedRequests',
  requires: () => [{ action: 'karikagi:ListDeniedRequests', resource: '*' }],
  async run({ MaxItems = 20 }, call, { denials }) {
    const account = call.caller.account!.id;
    const found = await denials.recent(account, MaxItems);
    return {
      DeniedRequests: found.map(({ requestId, time, explanations }) => {
        const { summary, principal, evaluations } = visibleTo(explanations[0]!, account);
        const [{ action, resource }] = evaluations;
        return {
          RequestId: requestId,
          EventTime: new Date(time),
          Principal: principal.arn,
          Action: action,
          Resource: resource,
          Summary: summary,
        };
      }),
    };
  },
};
