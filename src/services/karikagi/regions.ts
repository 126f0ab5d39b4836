/** An account's regions and where STS is active: what AWS offers in its console. */

import { ApiError } from '../../core/errors.js';
import type { Operation } from '../../core/operation.js';
import type { Account, Regions, RegionView } from '../../identity/index.js';
import { invalid, type KarikagiPorts, onAccount } from './ports.js';

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

export const ListRegions: Operation<KarikagiPorts, object, { Regions: RegionShape[] }, Account> = {
  resolve: (_input, call) => onAccount(call),
  async run({ id }, _input, _call, { identity }) {
    return { Regions: (await identity.regions.list(id)).map(shapeOf) };
  },
};

export const EnableRegion = changing((regions, id, name) => regions.enable(id, name));

export const DisableRegion = changing((regions, id, name) => regions.disable(id, name));

export const ActivateSTS = changing((regions, id, name) => regions.setSts(id, name, true));

export const DeactivateSTS = changing((regions, id, name) => regions.setSts(id, name, false));

function changing(
  change: (regions: Regions, account: string, region: string) => Promise<RegionView>,
): Operation<KarikagiPorts, RegionInput, { Region: RegionShape }, Account> {
  return {
    resolve: ({ RegionName }, call) => onAccount(call, { context: { 'karikagi:TargetRegion': RegionName } }),
    async run({ id }, { RegionName }, _call, { identity }) {
      try {
        return { Region: shapeOf(await change(identity.regions, id, RegionName)) };
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
