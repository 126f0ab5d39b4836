/** An account's regions and where STS is active: what AWS offers in its console. */

import { ApiError } from '../../core/errors.js';
import type { NamedOperation } from '../../core/operation.js';
import type { Regions, RegionView } from '../../identity/index.js';
import { homeOf, invalid, type KarikagiPorts } from './ports.js';

interface RegionInput {
  readonly RegionName: string;
}

interface RegionShape {
  readonly RegionName: string;
  readonly RegionOptStatus: RegionView['status'];
  readonly STSStatus: 'Active' | 'Inactive';
  /** Whether STS can be switched there: not in opt-in regions, nor in that of the global endpoint. */
  readonly STSSwitchable: boolean;
}

export const listRegions: NamedOperation<KarikagiPorts, object, { Regions: RegionShape[] }> = {
  name: 'ListRegions',
  requires: () => [{ action: 'karikagi:ListRegions', resource: '*' }],
  async run(_input, call, { identity }) {
    return { Regions: (await identity.regions.list(homeOf(call).id)).map(shapeOf) };
  },
};

export const enableRegion = changing('EnableRegion', (regions, id, name) => regions.enable(id, name));

export const disableRegion = changing('DisableRegion', (regions, id, name) => regions.disable(id, name));

export const activateSTS = changing('ActivateSTS', (regions, id, name) => regions.setSts(id, name, true));

export const deactivateSTS = changing('DeactivateSTS', (regions, id, name) =>
  regions.setSts(id, name, false),
);

function changing(
  name: string,
  change: (regions: Regions, account: string, region: string) => Promise<RegionView>,
): NamedOperation<KarikagiPorts, RegionInput, { Region: RegionShape }> {
  return {
    name,
    requires: ({ RegionName }) => [
      {
        action: `karikagi:${name}`,
        resource: '*',
        context: { 'karikagi:TargetRegion': RegionName },
      },
    ],
    async run({ RegionName }, call, { identity }) {
      try {
        return { Region: shapeOf(await change(identity.regions, homeOf(call).id, RegionName)) };
      } catch (error) {
        if (error instanceof ApiError && error.code === 'ValidationError') throw invalid(error.message);
        throw error;
      }
    },
  };
}

function shapeOf({ name, status, stsActive, stsSwitchable }: RegionView): RegionShape {
  return {
    RegionName: name,
    RegionOptStatus: status,
    STSStatus: stsActive ? 'Active' : 'Inactive',
    STSSwitchable: stsSwitchable,
  };
}
