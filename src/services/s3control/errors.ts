/**
 * What S3 Control answers ("S3 Tagging error codes", S3 API Reference; LocalStack's recordings of AWS,
 * test_s3control.py).
 */
import { errorTable } from '../../core/errors.js';

export const errors = errorTable({
  AccessDenied: [403, 'Access Denied'],
  BadRequest: [400, (why: string) => why],
  InvalidRequest: [400, (why: string) => why],
  InvalidTag: [400, (why: string) => why],
  NoSuchPublicAccessBlockConfiguration: [404, 'The public access block configuration was not found'],
  NoSuchResource: [404, "The specified resource doesn't exist."],
  NotImplemented: [501, (what: string) => `${what} is not available on this server.`],
});
