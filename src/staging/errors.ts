/** A job that cannot go on, and what to do about it. The message never holds a secret. */
export class StagingError extends Error {
  override readonly name = 'StagingError';
}
