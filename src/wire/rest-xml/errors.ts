import { errorTable } from '../../core/errors.js';

/** What S3 answers to requests that it cannot read ("Error responses", Amazon S3 API Reference). */
export const s3Error = errorTable({
  InvalidArgument: [400, (message: string) => message],
  InvalidRequest: [400, (message: string) => message],
  InvalidStorageClass: [400, 'The storage class you specified is not valid'],
  InvalidURI: [400, "Couldn't parse the specified URI."],
  KeyTooLongError: [400, 'Your key is too long'],
  MalformedACLError: [
    400,
    'The XML you provided was not well-formed or did not validate against our published schema',
  ],
  MalformedXML: [
    400,
    'The XML you provided was not well-formed or did not validate against our published schema',
  ],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.'],
  MissingRequestBodyError: [400, 'Request Body is empty'],
  PreconditionFailed: [412, 'At least one of the pre-conditions you specified did not hold'],
  NotImplemented: [501, 'A header you provided implies functionality that is not implemented'],
});

/** InvalidArgument as S3 gives it: with the name and the value of what is wrong. */
export function invalidArgument(message: string, name: string, value: string) {
  return s3Error.InvalidArgument([message], { members: { ArgumentName: name, ArgumentValue: value } });
}
