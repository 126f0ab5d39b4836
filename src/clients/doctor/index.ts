/** Finds why temporary keys do not work. A client of STS, IAM and S3. */
export { type DoctorTarget, diagnose } from './diagnose.js';
export type { DoctorOptions, Finding } from './finding.js';
