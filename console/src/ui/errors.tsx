import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { translate, useTexts } from '../i18n/index.js';
import { Copy } from './copy.js';
import { useGo } from './navigation.js';

/** As the SDKs throw what a service answers. */
interface Answered {
  readonly name?: string;
  readonly message?: string;
  readonly $metadata?: { readonly requestId?: string; readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

export function codeOf(error: unknown): string {
  return (error as Answered | undefined)?.name ?? 'Error';
}

/** What `fetch` throws of a server that does not answer, in the words of each browser. */
const UNREACHED = /failed to fetch|networkerror|load failed/i;

/** The service's own words. */
export function messageOf(error: unknown): string {
  const { message, name } = (error ?? {}) as Answered;
  if (error instanceof TypeError && UNREACHED.test(error.message)) return translate('error.network');
  return message || name || String(error);
}

export function requestIdOf(error: unknown): string | undefined {
  const { $metadata, $response } = (error ?? {}) as Answered;
  const { headers } = $response ?? {};
  return $metadata?.requestId ?? headers?.['x-amzn-requestid'] ?? headers?.['x-amz-request-id'];
}

export function isDenied(error: unknown): boolean {
  return codeOf(error).startsWith('AccessDenied');
}

/** What went wrong: the service's code, its words, the request id, and the way to the whole reasoning of a denial. */
export function ErrorBox({ error, onDismiss }: { readonly error: unknown; readonly onDismiss?: () => void }) {
  const t = useTexts();
  const go = useGo();
  if (!error) return null;
  const requestId = requestIdOf(error);
  return (
    <Alert
      type="error"
      header={codeOf(error)}
      dismissible={onDismiss !== undefined}
      {...(onDismiss && { onDismiss })}
      dismissAriaLabel={t('common.close')}
    >
      <SpaceBetween size="xs">
        <Box>{messageOf(error)}</Box>
        {requestId && (
          <SpaceBetween size="xs" direction="horizontal">
            <Box variant="small">{t('error.requestId')}</Box>
            <Copy text={requestId} />
            {isDenied(error) && (
              <Link {...go(`/denied/${requestId}`)} variant="primary">
                {t('error.why')}
              </Link>
            )}
          </SpaceBetween>
        )}
      </SpaceBetween>
    </Alert>
  );
}
