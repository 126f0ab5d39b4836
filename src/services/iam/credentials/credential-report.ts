import type * as iam from '@aws-sdk/client-iam';
import type { NamedOperation } from '../../../core/operation.js';
import { homeOf, type IamPorts } from '../ports.js';
import { onAll } from '../requirements.js';
import { dateOf } from '../shapes.js';

export const generateCredentialReport: NamedOperation<
  IamPorts,
  object,
  iam.GenerateCredentialReportResponse
> = {
  name: 'GenerateCredentialReport',
  requires: (_input, call) => onAll('GenerateCredentialReport', call),
  /** The report is ready when this answers; AWS says first that it was started, and so does this. */
  async run(_input, call, { identity }) {
    const started = await identity.reports.generate(homeOf(call));
    return started
      ? { State: 'STARTED', Description: 'No report exists. Starting a new report generation task' }
      : { State: 'COMPLETE' };
  },
};

export const getCredentialReport: NamedOperation<IamPorts, object, iam.GetCredentialReportResponse> = {
  name: 'GetCredentialReport',
  requires: (_input, call) => onAll('GetCredentialReport', call),
  async run(_input, call, { identity }) {
    const { generated, content } = await identity.reports.get(homeOf(call));
    return { Content: Buffer.from(content), ReportFormat: 'text/csv', GeneratedTime: dateOf(generated) };
  },
};
