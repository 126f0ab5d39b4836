/** Finds why temporary keys do not work. A client of STS, IAM, S3 and KMS. */
export { type DoctorTarget, diagnose } from './diagnose.js';
export type { DoctorOptions, Finding, PolicyText } from './finding.js';
