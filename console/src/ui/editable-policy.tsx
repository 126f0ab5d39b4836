import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useState } from 'react';
import type { PolicyKind } from '../../../src/policy/index.js';
import type { Act } from '../api/act.js';
import type { Asked } from '../api/asked.js';
import { useTexts } from '../i18n/index.js';
import { WhatWouldChange } from '../privilege/what-would-change.js';
import { GuardedButton } from './action.js';
import { CliLines } from './cli.js';
import { ErrorBox } from './errors.js';
import { Panel } from './panel.js';
import { PolicyEditor } from './policy-editor.js';
import { laidOut, PolicyText } from './policy-view.js';
import { useRun } from './run.js';

interface EditablePolicyProps {
  readonly title: string;
  readonly description?: string;
  /** `undefined` until it is read, `null` where there is none. */
  readonly document: string | null | undefined;
  readonly error?: unknown;
  readonly kind: PolicyKind;
  /** What it is the policy of, for what would change: `ProposedPolicy.place`. */
  readonly place?: string;
  /** Of the role that a trust policy is for, seconds. */
  readonly sessionDuration?: number;
  readonly asks?: Asked;
  readonly readOnly?: boolean;
  /** What editing begins with where there is none. */
  readonly first?: string;
  readonly editText?: string;
  readonly saveText?: string;
  /** Another editor than that of JSON. */
  readonly editor?: (document: string, onChange: (document: string) => void) => ReactNode;
  /** A button beside *Edit*. */
  readonly remove?: ReactNode;
  /** What else there is to choose while one edits. */
  readonly children?: ReactNode;
  /** The call that stores a document. */
  act(document: string): Act;
}

/** A policy to read, and to edit in its place with what the linter finds. */
export function EditablePolicy(props: EditablePolicyProps) {
  const { title, description, document, error, kind, asks, readOnly = false, first = '' } = props;
  const t = useTexts();
  const [edited, setEdited] = useState<string>();
  const { run, running, error: refused, forget } = useRun();
  const save = async () => {
    if (edited !== undefined && (await run([props.act(edited)]))) setEdited(undefined);
  };
  const cancel = () => {
    setEdited(undefined);
    forget();
  };
  const edit = props.editText ?? t('common.edit');
  const reading = (
    <>
      {document && props.remove}
      <GuardedButton
        asks={asks}
        ariaLabel={props.editText ?? `${edit} ${title}`}
        disabled={document === undefined}
        onClick={() => setEdited(document ? laidOut(document) : first)}
      >
        {edit}
      </GuardedButton>
    </>
  );
  const editing = (
    <>
      <Button onClick={cancel}>{t('common.cancel')}</Button>
      <Button variant="primary" loading={running} data-testid="save-policy" onClick={() => void save()}>
        {props.saveText ?? t('common.save')}
      </Button>
    </>
  );
  return (
    <Panel
      title={title}
      description={description}
      error={error}
      loading={document === undefined}
      actions={readOnly ? undefined : edited === undefined ? reading : editing}
    >
      {edited === undefined ? (
        document ? (
          <PolicyText document={document} />
        ) : (
          <Box color="text-body-secondary">{t('common.notSet')}</Box>
        )
      ) : (
        <SpaceBetween size="m">
          {props.editor ? (
            props.editor(edited, setEdited)
          ) : (
            <PolicyEditor
              value={edited}
              kind={kind}
              label={title}
              {...(props.sessionDuration !== undefined && { sessionDuration: props.sessionDuration })}
              onChange={setEdited}
            />
          )}
          {props.children}
          {props.place !== undefined && <WhatWouldChange policy={{ place: props.place, document: edited }} />}
          <CliLines acts={[props.act(edited)]} />
          <ErrorBox error={refused} />
        </SpaceBetween>
      )}
    </Panel>
  );
}
