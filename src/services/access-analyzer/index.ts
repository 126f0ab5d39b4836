import type * as sdk from '@aws-sdk/client-accessanalyzer';
import { type OperationName, operationsOf, type Service, service } from '../../core/operation.js';
import type { AccessAnalyzerPorts } from './ports.js';
import * as validatePolicy from './validate-policy.js';

const operations = operationsOf<AccessAnalyzerPorts, OperationName<typeof sdk>>()(validatePolicy);

/** The part of IAM Access Analyzer that looks at documents alone. */
export function accessAnalyzerService(): Service {
  return service('access-analyzer', {}, operations);
}
