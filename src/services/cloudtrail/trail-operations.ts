/** Looking at trails, and switching them on and off. */
import type * as sdk from '@aws-sdk/client-cloudtrail';
import type { Operation, Requirement } from '../../core/operation.js';
import { isLogging, trailArn } from '../../trails/records.js';
import { cloudTrailErrors } from './errors.js';
import type { CloudTrailPorts } from './ports.js';
import {
  accountOf,
  demandChanged,
  demandTrail,
  demandTrailHere,
  type OnTrail,
  readTrail,
  resolveTrail,
} from './trail-names.js';
import { shapeOf } from './trail-shapes.js';

type Op<I, O> = Operation<CloudTrailPorts, I, O, OnTrail>;
type AccountOp<I, O> = Operation<CloudTrailPorts, I, O, string>;

function onAccount(call: { readonly action: string }): readonly Requirement[] {
  return [{ action: call.action, resource: '*' }];
}

/** What was delivered stays. Throws `TrailNotFoundException`, `InvalidHomeRegionException`. */
export const DeleteTrail: Op<sdk.DeleteTrailRequest, sdk.DeleteTrailResponse> = {
  resolve: (input, call, ports) => resolveTrail(input.Name, call, ports),
  async run(subject, _input, call, { trails }) {
    await trails.delete(demandTrailHere(subject, call));
    return {};
  },
};

/** Throws `TrailNotFoundException`. */
export const GetTrail: Op<sdk.GetTrailRequest, sdk.GetTrailResponse> = {
  resolve: (input, call, ports) => resolveTrail(input.Name, call, ports),
  run: async subject => ({ Trail: shapeOf(demandTrail(subject)) }),
};

/**
 * The trails of the request's region, and unless they are declined those of other regions that log here, too. Names
 * that are none are left out. Throws `InvalidTrailNameException`, `CloudTrailARNInvalidException`.
 */
export const DescribeTrails: AccountOp<sdk.DescribeTrailsRequest, sdk.DescribeTrailsResponse> = {
  resolve: (_input, call) => ({ requires: onAccount(call), subject: accountOf(call).account }),
  async run(account, { trailNameList = [], includeShadowTrails = true }, call, { trails }) {
    const here = (await trails.ofAccount(account)).filter(
      trail => trail.region === call.region || (includeShadowTrails && trail.multiRegion),
    );
    if (trailNameList.length === 0) return { trailList: here.map(shapeOf) };
    for (const given of trailNameList) readTrail(given, call);
    const named = new Set(trailNameList);
    const found = here.filter(trail => named.has(trail.name) || named.has(trailArn(trail)));
    return { trailList: found.map(shapeOf) };
  },
};

/** Those of every region. */
export const ListTrails: AccountOp<sdk.ListTrailsRequest, sdk.ListTrailsResponse> = {
  resolve: (_input, call) => ({ requires: onAccount(call), subject: accountOf(call).account }),
  async run(account, _input, _call, { trails }) {
    const found = await trails.ofAccount(account);
    return {
      Trails: found.map(trail => ({
        TrailARN: trailArn(trail),
        Name: trail.name,
        HomeRegion: trail.region,
      })),
    };
  },
};

/** Without effect where it logs already. Throws `TrailNotFoundException`, `InvalidHomeRegionException`. */
export const StartLogging: Op<sdk.StartLoggingRequest, sdk.StartLoggingResponse> = {
  resolve: (input, call, ports) => resolveTrail(input.Name, call, ports),
  async run(subject, _input, call, { trails }) {
    demandChanged(subject, await trails.startLogging(demandTrailHere(subject, call)));
    return {};
  },
};

/** What was called until now is still delivered. Throws `TrailNotFoundException`, `InvalidHomeRegionException`. */
export const StopLogging: Op<sdk.StopLoggingRequest, sdk.StopLoggingResponse> = {
  resolve: (input, call, ports) => resolveTrail(input.Name, call, ports),
  async run(subject, _input, call, { trails }) {
    demandChanged(subject, await trails.stopLogging(demandTrailHere(subject, call)));
    return {};
  },
};

/** Throws `TrailNotFoundException`. */
export const GetTrailStatus: Op<sdk.GetTrailStatusRequest, sdk.GetTrailStatusResponse> = {
  resolve: (input, call, ports) => resolveTrail(input.Name, call, ports),
  async run(subject, _input, _call, { trails }) {
    const trail = demandTrail(subject);
    const { delivered, deliveryError, digestDelivered, digestError } = await trails.status(trail);
    const stopped = trail.times.findLast(({ to }) => to !== undefined)?.to;
    return {
      IsLogging: isLogging(trail),
      ...(deliveryError !== undefined && { LatestDeliveryError: deliveryError }),
      ...dated('LatestDeliveryTime', delivered),
      ...dated('StartLoggingTime', trail.times.at(-1)?.from),
      ...dated('StopLoggingTime', stopped),
      ...dated('LatestDigestDeliveryTime', digestDelivered),
      ...(digestError !== undefined && { LatestDigestDeliveryError: digestError }),
    };
  },
};

function dated<N extends string>(name: N, time: number | undefined) {
  return (time === undefined ? {} : { [name]: new Date(time) }) as { readonly [K in N]?: Date };
}

/** The keys that signed the digests of the request's region between two times. Throws `InvalidTimeRangeException`. */
export const ListPublicKeys: AccountOp<sdk.ListPublicKeysRequest, sdk.ListPublicKeysResponse> = {
  resolve: (_input, call) => ({ requires: onAccount(call), subject: '' }),
  async run(_subject, { StartTime, EndTime }, call, { digestKeys }) {
    const to = EndTime?.getTime() ?? call.clock.now();
    const from = StartTime?.getTime() ?? call.clock.now();
    if (StartTime && from > to) throw cloudTrailErrors.InvalidTimeRangeException();
    const found = await digestKeys.between(call.region, Math.min(from, to), to);
    return {
      PublicKeyList: found.map(({ fingerprint, key }) => ({
        Value: key.publicKey,
        ValidityStartTime: new Date(key.from),
        ValidityEndTime: new Date(key.to),
        Fingerprint: fingerprint,
      })),
    };
  },
};
