/** Buttons that change something: a dialog with the CLI line, the call, its error. */
import Box from '@cloudscape-design/components/box';
import Button, { type ButtonProps } from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useState } from 'react';
import type { Act } from '../api/act.js';
import type { Asked } from '../api/asked.js';
import { useTexts } from '../i18n/index.js';
import { CliLines } from './cli.js';
import { ErrorBox } from './errors.js';
import { usePermission } from './permission.js';
import { useRun } from './run.js';
import { Spaced } from './spaced.js';

interface DialogProps {
  readonly title: string;
  readonly children?: ReactNode;
  readonly acts: readonly Act[];
  readonly submit: string;
  readonly disabled?: boolean;
  readonly size?: 'medium' | 'large' | 'max';
  readonly danger?: boolean;
  /** What must be typed first, for what cannot be undone. */
  readonly typed?: string | undefined;
  onClose(): void;
  /** In place of `onClose`, once all went well. */
  onDone?(): void;
}

/** A dialog around a form, or around a question. */
export function ActDialog({
  title,
  children,
  acts,
  submit,
  disabled = false,
  size = 'medium',
  typed,
  onClose,
  onDone,
}: DialogProps) {
  const t = useTexts();
  const { run, running, error } = useRun();
  const [text, setText] = useState('');
  const ready = !disabled && acts.length > 0 && (typed === undefined || text === typed);
  const go = async () => {
    if (!ready || running || !(await run(acts))) return;
    (onDone ?? onClose)();
  };
  return (
    <Modal
      visible
      size={size}
      header={title}
      closeAriaLabel={t('common.close')}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button variant="primary" loading={running} disabled={!ready} onClick={go} data-testid="submit">
              {submit}
            </Button>
          </SpaceBetween>
        </Box>
      }
    >
      <form
        onSubmit={event => {
          event.preventDefault();
          void go();
        }}
      >
        <Spaced size="m">
          {children}
          {typed !== undefined && (
            <FormField label={t('common.typeToConfirm', { text: typed })}>
              <Input value={text} onChange={({ detail }) => setText(detail.value)} autoComplete={false} />
            </FormField>
          )}
          <CliLines acts={acts} />
          <ErrorBox error={error} />
        </Spaced>
      </form>
    </Modal>
  );
}

interface ActButtonProps extends Pick<ButtonProps, 'variant' | 'iconName' | 'ariaLabel'> {
  readonly text: string;
  /** What the button does; asked when it is pressed. */
  readonly acts: () => readonly Act[];
  readonly asks?: Asked | undefined;
  readonly disabled?: boolean;
  /** Why it cannot be pressed, for other reasons than policies. */
  readonly hindrance?: string | undefined;
  readonly title?: string;
  readonly body?: ReactNode;
  readonly typed?: string;
  onDone?(): void;
}

/** A button that asks before it acts. */
export function ActButton({
  text,
  acts,
  asks,
  disabled = false,
  hindrance,
  title,
  body,
  typed,
  onDone,
  ...looks
}: ActButtonProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <GuardedButton
        {...looks}
        asks={asks}
        disabled={disabled}
        hindrance={hindrance}
        onClick={() => setOpen(true)}
      >
        {text}
      </GuardedButton>
      {open && (
        <ActDialog
          title={title ?? text}
          acts={acts()}
          submit={text}
          typed={typed}
          onClose={() => setOpen(false)}
          onDone={() => {
            setOpen(false);
            onDone?.();
          }}
        >
          {body}
        </ActDialog>
      )}
    </>
  );
}

interface GuardedButtonProps extends ButtonProps {
  readonly asks?: Asked | undefined;
  /** Why it cannot be pressed, for other reasons than policies. */
  readonly hindrance?: string | undefined;
  readonly children: ReactNode;
}

/** A button that is disabled, and says why, where the caller's policies forbid what it does, or something hinders it. */
export function GuardedButton({ asks, hindrance, disabled = false, children, ...rest }: GuardedButtonProps) {
  const t = useTexts();
  const forbidden = usePermission(asks);
  const reason =
    forbidden === undefined ? hindrance : forbidden || t('common.forbidden', { action: asks!.action });
  return (
    <Button
      {...rest}
      disabled={disabled || reason !== undefined}
      {...(reason !== undefined && { disabledReason: reason })}
    >
      {children}
    </Button>
  );
}
