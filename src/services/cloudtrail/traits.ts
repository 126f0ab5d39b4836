import { jsonFamily } from '../../auth/families.js';

export const cloudTrailTraits = jsonFamily('cloudtrail', 'CloudTrail_20131101');
