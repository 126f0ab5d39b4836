import { Argument, Command } from 'commander';
import { callKarikagi } from '../clients/karikagi-api.js';
import { type ApiFlags, apiTarget, columns, print, withApiOptions } from './api-options.js';

interface Region {
  readonly RegionName: string;
  readonly RegionOptStatus: string;
  readonly STSStatus: string;
  readonly STSSwitchable: boolean;
}

export function regionsCommand(): Command {
  const regions = new Command('regions').description(
    'The regions of your account, and where STS hands out credentials.',
  );
  withApiOptions(regions.command('list', { isDefault: true }))
    .description('Every region of the partition.')
    .action(async (flags: ApiFlags) => {
      const output = await callKarikagi(apiTarget(flags), 'ListRegions', {});
      show(flags, (output as { Regions: Region[] }).Regions);
    });
  withApiOptions(regions.command('sts'))
    .description('Switch STS in regions that are enabled by default; us-east-1 stays on.')
    .addArgument(new Argument('<state>').choices(['on', 'off']))
    .argument('<region...>')
    .action((state: string, names: string[], flags: ApiFlags) =>
      change(flags, state === 'on' ? 'ActivateSTS' : 'DeactivateSTS', names),
    );
  withApiOptions(regions.command('enable'))
    .description('Enable opt-in regions.')
    .argument('<region...>')
    .action((names: string[], flags: ApiFlags) => change(flags, 'EnableRegion', names));
  withApiOptions(regions.command('disable'))
    .description('Disable opt-in regions: no credentials of the account are accepted there.')
    .argument('<region...>')
    .action((names: string[], flags: ApiFlags) => change(flags, 'DisableRegion', names));
  return regions;
}

async function change(flags: ApiFlags, operation: string, names: readonly string[]): Promise<void> {
  const target = apiTarget(flags);
  const changed: Region[] = [];
  for (const RegionName of names) {
    const output = await callKarikagi(target, operation, { RegionName });
    changed.push((output as { Region: Region }).Region);
  }
  show(flags, changed);
}

function show(flags: ApiFlags, regions: readonly Region[]): void {
  const rows = regions.map(({ RegionName, RegionOptStatus, STSStatus, STSSwitchable }) => [
    RegionName,
    RegionOptStatus,
    STSSwitchable ? STSStatus : `${STSStatus} (fixed)`,
  ]);
  print(flags, regions, columns([['REGION', 'STATUS', 'STS'], ...rows]));
}
