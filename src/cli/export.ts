import { S3Client } from '@aws-sdk/client-s3';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { Command } from 'commander';
import {
  directoryEntries,
  directoryWriter,
  type ExportReport,
  exportBucket,
  type ImportReport,
  importBucket,
  type Transfer,
  tarEntries,
  tarWriter,
} from '../clients/bucket-archive/index.js';
import { systemClock } from '../core/clock.js';
import { type ApiFlags, apiTarget, print, withApiOptions } from './api-options.js';
import { bytesText, Progress } from './progress.js';

interface ImportFlags extends ApiFlags {
  readonly bucket?: string;
  readonly kmsKey?: string;
}

export function exportCommand(): Command {
  return withApiOptions(new Command('export'))
    .description(
      'Write a bucket with all its versions, tags and settings to a directory or, where the name ends in .tar, to a file. A directory can be gone on with. Exit status: 2 where single versions could not be read.',
    )
    .argument('<bucket>')
    .argument('<target>', 'a directory, or a new file whose name ends in .tar')
    .action(async (bucket: string, target: string, flags: ApiFlags) => {
      const s3 = s3Of(flags);
      const progress = new Progress();
      const archive = await (target.endsWith('.tar') ? tarWriter(target) : directoryWriter(target));
      const report = await exportBucket(s3, bucket, archive, showing(progress));
      await archive.close();
      progress.end();
      print(flags, report, exportText(report, bucket, target));
      if (report.failed.length > 0) process.exitCode = 2;
    });
}

export function importCommand(): Command {
  return withApiOptions(new Command('import'))
    .description(
      'Make a bucket out of an export; what an earlier run put there stays. Exit status: 2 where settings or access control lists could not be set.',
    )
    .argument('<source>', 'a directory, or a file whose name ends in .tar')
    .option('--bucket <name>', 'the name of the bucket (default: the one it had)')
    .option('--kms-key <id>', "the key for objects under SSE-KMS (default: the account's alias/aws/s3)")
    .action(async (source: string, flags: ImportFlags) => {
      const s3 = s3Of(flags);
      const progress = new Progress();
      const report = await importBucket(
        s3,
        source.endsWith('.tar') ? tarEntries(source) : directoryEntries(source),
        {
          bucket: flags.bucket,
          region: flags.region ?? 'us-east-1',
          clock: systemClock,
          kmsKeyId: flags.kmsKey,
          progress: showing(progress),
        },
      );
      progress.end();
      print(flags, report, importText(report, source));
      if (report.failedSettings.length + report.failedAcls.length > 0) process.exitCode = 2;
    });
}

function s3Of(flags: ApiFlags): S3Client {
  const { endpoint, region = 'us-east-1', profile } = apiTarget(flags);
  const credentials = defaultProvider(profile ? { profile } : {});
  return new S3Client({ endpoint, region, credentials, forcePathStyle: true });
}

function showing(progress: Progress) {
  return ({ versions, bytes }: Transfer) => progress.show(() => `${versions} versions, ${bytesText(bytes)}`);
}

function exportText(
  { versions, bytes, earlier, failed }: ExportReport,
  bucket: string,
  target: string,
): string {
  const lines = [
    `Exported ${bucket} to ${target}: ${versions} versions, ${earlier} of them before, ${bytesText(bytes)}.`,
  ];
  for (const { key, versionId, problem } of failed)
    lines.push(`  not ${key} (version ${versionId}): ${problem}`);
  return lines.join('\n');
}

function importText(
  { bucket, versions, bytes, earlier, failedSettings, failedAcls }: ImportReport,
  source: string,
): string {
  const lines = [
    `Imported ${source} to ${bucket}: ${versions} versions, ${earlier} of them there before, ${bytesText(bytes)}.`,
  ];
  for (const { setting, problem } of failedSettings) lines.push(`  not set: ${setting}: ${problem}`);
  for (const { key, versionId, problem } of failedAcls)
    lines.push(`  not set: acl of ${key} (version ${versionId} in the export): ${problem}`);
  return lines.join('\n');
}
