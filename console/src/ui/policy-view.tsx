import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import { formatPolicy } from '../../../src/policy/index.js';
import { Dialog } from './dialog.js';
import { ErrorBox } from './errors.js';
import { PolicySummary } from './policy-summary.js';

/** A policy to read: what it allows, and the document. */
export function PolicyView({
  title,
  document,
  error,
  onClose,
}: {
  readonly title: string;
  readonly document: string | undefined;
  readonly error?: unknown;
  onClose(): void;
}) {
  return (
    <Dialog size="large" header={title} onDismiss={onClose}>
      <ErrorBox error={error} />
      {document === undefined ? error ? null : <Spinner /> : <PolicyText document={document} />}
    </Dialog>
  );
}

export function PolicyText({ document }: { readonly document: string }) {
  return (
    <SpaceBetween size="m">
      <PolicySummary document={document} />
      <Box variant="code">
        <pre className="code">{laidOut(document)}</pre>
      </Box>
    </SpaceBetween>
  );
}

export function laidOut(document: string): string {
  try {
    return formatPolicy(document);
  } catch {
    return document;
  }
}
