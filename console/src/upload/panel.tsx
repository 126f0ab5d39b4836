import Button from '@cloudscape-design/components/button';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { quoted } from '../api/cli-line.js';
import { useTexts } from '../i18n/index.js';
import { CliLines } from '../ui/cli.js';
import { codeOf, messageOf } from '../ui/errors.js';
import { sizeText } from '../ui/format.js';
import { cancel, clearFinished, pause, resume, type Upload, useUploads } from './uploads.js';

/** Rows that are drawn; the rest is counted. */
const SHOWN = 8;

/** What is on its way, above every page. */
export function UploadsPanel() {
  const t = useTexts();
  const uploads = useUploads();
  if (uploads.length === 0) return null;
  const done = uploads.filter(({ status }) => status === 'done').length;
  const order = ['running', 'failed', 'paused', 'waiting', 'canceled', 'done'];
  const sorted = [...uploads].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
  return (
    <Container
      header={
        <Header
          variant="h3"
          counter={`(${done}/${uploads.length})`}
          actions={
            <Button iconName="close" onClick={clearFinished}>
              {t('upload.clear')}
            </Button>
          }
        >
          {t('upload.title')}
        </Header>
      }
    >
      <SpaceBetween size="s">
        {sorted.slice(0, SHOWN).map(upload => (
          <Row key={upload.id} upload={upload} />
        ))}
        {sorted.length > SHOWN && t('upload.more', { count: sorted.length - SHOWN })}
        <CliLines
          acts={sorted.slice(0, SHOWN).map(({ bucket, key }) => ({
            cli: `aws s3 cp FILE ${quoted(`s3://${bucket}/${key}`)}`,
          }))}
        />
      </SpaceBetween>
    </Container>
  );
}

function Row({ upload }: { readonly upload: Upload }) {
  const t = useTexts();
  const { id, key, bucket, size, sent, status, error } = upload;
  const going = status === 'running' || status === 'waiting';
  return (
    <div data-testid="upload" data-status={status}>
      <SpaceBetween direction="horizontal" size="s" alignItems="center">
        {status === 'done' ? (
          <StatusIndicator type="success">{`${bucket}/${key} (${sizeText(size)})`}</StatusIndicator>
        ) : status === 'failed' ? (
          <StatusIndicator type="error">{`${key}: ${codeOf(error)} ${messageOf(error)}`}</StatusIndicator>
        ) : status === 'canceled' ? (
          <StatusIndicator type="stopped">{`${key}: ${t('upload.canceled')}`}</StatusIndicator>
        ) : (
          <ProgressBar
            value={size === 0 ? 0 : (100 * sent) / size}
            label={key}
            additionalInfo={`${sizeText(sent)} / ${sizeText(size)}${status === 'paused' ? ` · ${t('upload.paused')}` : ''}`}
          />
        )}
        {going && (
          <Button variant="inline-link" ariaLabel={`${t('upload.pause')} ${key}`} onClick={() => pause(id)}>
            {t('upload.pause')}
          </Button>
        )}
        {(status === 'paused' || status === 'failed') && (
          <Button variant="inline-link" ariaLabel={`${t('upload.resume')} ${key}`} onClick={() => resume(id)}>
            {t('upload.resume')}
          </Button>
        )}
        {status !== 'done' && status !== 'canceled' && (
          <Button
            variant="inline-link"
            ariaLabel={`${t('common.cancel')} ${key}`}
            onClick={() => void cancel(id)}
          >
            {t('common.cancel')}
          </Button>
        )}
      </SpaceBetween>
    </div>
  );
}
