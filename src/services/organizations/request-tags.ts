import type * as sdk from '@aws-sdk/client-organizations';
import { ApiError } from '../../core/errors.js';
import { invalidInput, readTags, type Tags } from '../../identity/index.js';

/** The tags of a request. Throws `InvalidInputException`. */
export function tagsIn(tags: sdk.Tag[] | undefined): Tags {
  try {
    return readTags(tags);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw invalidInput('DUPLICATE_TAG_KEY', error.message);
  }
}
