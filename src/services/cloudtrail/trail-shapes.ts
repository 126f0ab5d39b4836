/** Trails as CloudTrail's operations show them. */
import type * as sdk from '@aws-sdk/client-cloudtrail';
import { type Trail, trailArn } from '../../trails/records.js';

/** What CreateTrail and UpdateTrail answer, and a part of what is answered of a trail. */
export function settingsOf(trail: Trail): sdk.CreateTrailResponse {
  const { name, bucket, prefix, keyArn, globalServices, multiRegion, validatedSince } = trail;
  return {
    Name: name,
    S3BucketName: bucket,
    ...(prefix !== undefined && { S3KeyPrefix: prefix }),
    IncludeGlobalServiceEvents: globalServices,
    IsMultiRegionTrail: multiRegion,
    TrailARN: trailArn(trail),
    LogFileValidationEnabled: validatedSince !== undefined,
    ...(keyArn !== undefined && { KmsKeyId: keyArn }),
    IsOrganizationTrail: false,
  };
}

export function shapeOf(trail: Trail): sdk.Trail {
  return {
    ...settingsOf(trail),
    HomeRegion: trail.region,
    HasCustomEventSelectors: trail.selectors !== undefined,
    HasInsightSelectors: false,
  };
}
