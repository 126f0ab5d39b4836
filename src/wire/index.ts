export {
  defineOperation,
  jsonReader,
  type MemberSchema,
  type Members,
  operationsOfModel,
  types,
} from './define.js';
export { type JsonServiceOptions, jsonService } from './json/service.js';
export { type QueryServiceOptions, queryService } from './query/service.js';
export { requestParameters, responseElements } from './recorded.js';
export { isReplica, REPLICA_PARAMETER, replicaWire } from './replicas.js';
export { restJsonService } from './rest-json/service.js';
export { controlName, isControl, s3ControlService } from './rest-xml/control.js';
export { type RestXmlServiceOptions, restXmlService } from './rest-xml/service.js';
export type { SdkModule } from './schema.js';
export type { ErrorContext, Recognised, WireOperation, WireService } from './types.js';
export { websiteHosts, websiteWire } from './website.js';
