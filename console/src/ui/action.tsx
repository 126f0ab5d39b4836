/** Buttons that change something: a dialog with the CLI line, the call, its error. */
import Box from '@cloudscape-design/components/box';
import Button, { type ButtonProps } from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { type ReactNode, useState } from 'react';
import type { Act } from '../api/act.js';
import { type Asked, askedOf } from '../api/asked.js';
import { useTexts } from '../i18n/index.js';
import { CliLines } from './cli.js';
import { Dialog } from './dialog.js';
import { ErrorBox } from './errors.js';
import { usePermissions } from './permission.js';
import { useRun } from './run.js';
import { Spaced } from './spaced.js';

interface DialogProps {
  readonly title: string;
  readonly children?: ReactNode;
  readonly acts: readonly Act[];
  readonly submit: string;
  readonly disabled?: boolean;
  readonly size?: 'medium' | 'large' | 'max';
  /** What must be typed first, for what cannot be undone. */
  readonly typed?: string | undefined;
  /** Asked before the dialog can be submitted, where who opens it is not asked. */
  readonly asks?: Asked | undefined;
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
  asks,
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
    <Dialog
      size={size}
      header={title}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <SpaceBetween direction="horizontal" size="xs">
            <Button variant="link" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <GuardedButton
              variant="primary"
              asks={asks}
              loading={running}
              disabled={!ready}
              onClick={go}
              data-testid="submit"
            >
              {submit}
            </GuardedButton>
          </SpaceBetween>
        </Box>
      }
    >
      <form
        onSubmit={event => {
          event.preventDefault();
          // Of a dialog that stands in another's form.
          event.stopPropagation();
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
    </Dialog>
  );
}

interface ActButtonProps extends Pick<ButtonProps, 'variant' | 'iconName' | 'ariaLabel'> {
  readonly text: string;
  /** What the button does. */
  readonly acts: () => readonly Act[];
  /** Default: the actions of what it does. */
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
        asks={asks ?? (disabled ? [] : acts().map(askedOf))}
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
  readonly asks?: Asked | readonly Asked[] | undefined;
  /** Why it cannot be pressed, for other reasons than policies. */
  readonly hindrance?: string | undefined;
  readonly children: ReactNode;
}

/**
 * A button that is disabled, and says why, where the caller's policies forbid something of what it does, or something
 * else hinders it.
 */
export function GuardedButton({
  asks = [],
  hindrance,
  disabled = false,
  children,
  ...rest
}: GuardedButtonProps) {
  const reason = useReason(asks) ?? hindrance;
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

/** Why the caller may not do all that is asked; `undefined` where it may, or where that is not known (yet). */
export function useReason(asks: Asked | readonly Asked[]): string | undefined {
  const t = useTexts();
  const asked = 'action' in asks ? [asks] : asks;
  const reasons = usePermissions(asked);
  const at = reasons.findIndex(reason => reason !== undefined);
  return at < 0 ? undefined : reasons[at] || t('common.forbidden', { action: asked[at]!.action });
}
