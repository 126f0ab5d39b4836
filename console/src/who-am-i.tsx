import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { sts } from './api/sts.js';
import { useTexts } from './i18n/index.js';
import { useSignedIn } from './session/store.js';
import { CliLines } from './ui/cli.js';
import { Dialog } from './ui/dialog.js';
import { durationText, timeText } from './ui/format.js';
import { useNow } from './ui/now.js';

/** `alice`, `uploader/alice`, `root`. */
export function shortName(arn: string): string {
  const resource = arn.split(':').slice(5).join(':');
  return resource.replace(/^(user|assumed-role|federated-user)\//, '') || arn;
}

export function WhoAmI({ onClose }: { onClose(): void }) {
  const t = useTexts();
  const now = useNow();
  const { current, base, role } = useSignedIn();
  const { expires, accessKeyId } = current.keys;
  const chained = role !== undefined && base.arn.includes(':assumed-role/');
  const cap = chained ? 'who.cap.chained' : role ? 'who.cap.role' : 'who.cap.base';
  return (
    <Dialog header={t('who.title')} onDismiss={onClose}>
      <SpaceBetween size="m">
        <KeyValuePairs
          items={[
            { label: t('who.arn'), value: <span className="code">{current.arn}</span> },
            { label: t('who.account'), value: current.account },
            { label: t('who.key'), value: accessKeyId },
            {
              label: t('who.chain'),
              value: role ? `${shortName(base.arn)} → ${shortName(role.arn)}` : shortName(base.arn),
            },
            {
              label: t('who.ends'),
              value:
                expires === undefined
                  ? t('who.unknown')
                  : `${timeText(expires / 1000)} (${t('bar.timeLeft', { time: durationText(expires - now) })})`,
            },
            { label: t('who.cap'), value: t(cap) },
          ]}
        />
        <CliLines acts={[sts(new GetCallerIdentityCommand({}))]} />
      </SpaceBetween>
    </Dialog>
  );
}
