import { errorTable } from '../../core/errors.js';

/** Sources: CloudTrail API Reference, "LookupEvents". */
export const cloudTrailErrors = errorTable({
  InvalidLookupAttributesException: [400, (why: string) => why],
  InvalidMaxResultsException: [
    400,
    (given: number) => `A max results value of ${given} is invalid. Specify max results between 1 and 50.`,
  ],
  InvalidNextTokenException: [400, 'Invalid NextToken.'],
  InvalidTimeRangeException: [400, 'The start time is after the end time.'],
});
