import type * as iam from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/operation.js';
import type { IamPorts } from '../ports.js';
import { type OnAccount, onAll } from '../requirements.js';
import { dateOf } from '../shapes.js';

export const GenerateCredentialReport: Operation<
  IamPorts,
  object,
  iam.GenerateCredentialReportResponse,
  OnAccount
> = {
  resolve: (_input, call) => onAll(call),
  /** The report is ready when this answers; AWS says first that it was started, and so does this. */
  async run({ home }, _input, _call, { identity }) {
    const started = await identity.reports.generate(home);
    return started
      ? { State: 'STARTED', Description: 'No report exists. Starting a new report generation task' }
      : { State: 'COMPLETE' };
  },
};

export const GetCredentialReport: Operation<IamPorts, object, iam.GetCredentialReportResponse, OnAccount> = {
  resolve: (_input, call) => onAll(call),
  async run({ home }, _input, _call, { identity }) {
    const { generated, content } = await identity.reports.get(home);
    return { Content: Buffer.from(content), ReportFormat: 'text/csv', GeneratedTime: dateOf(generated) };
  },
};
