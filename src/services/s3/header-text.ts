/** What is stored and comes back as a header must be one: a form, an XML document and a query can hold any text. */
import { s3Errors } from '../../core/s3-errors.js';

/** RFC 9110, "Tokens". */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110, "Field Values": Latin-1 without control characters but the tab. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Throws InvalidArgument for a value that no header can have. `name`: of the header, or of what sets it. */
export function demandHeaderValue(name: string, value: string | undefined): void {
  if (value !== undefined && !VALUE.test(value)) throw unfit(name, value);
}

/**
 * Throws InvalidArgument for a name of metadata that no header can have. Any value comes back, in encoded words where a
 * header cannot have it as it is (recorded, test_post_object_with_unicode_metadata).
 */
export function demandMetadata(name: string, value: string): void {
  if (!NAME.test(name)) throw unfit(`x-amz-meta-${name}`, value);
}

/** Throws InvalidArgument for what no header can be called. */
export function demandHeaderName(what: string, name: string): void {
  if (!NAME.test(name)) throw unfit(what, name);
}

/** As S3 answers to a `response-content-disposition` that is no Latin-1. */
function unfit(name: string, value: string): Error {
  const members = { ArgumentName: name, ArgumentValue: value };
  return s3Errors.InvalidArgument('Header value cannot be represented using ISO-8859-1.', { members });
}
