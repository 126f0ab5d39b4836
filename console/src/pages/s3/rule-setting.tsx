/** A setting of a bucket that is a list of rules: each with a form of its own, and all of them as JSON. */
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import { type ReactNode, useState } from 'react';
import type { Act } from '../../api/act.js';
import { s3Arn } from '../../api/arn.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton, ActDialog, GuardedButton } from '../../ui/action.js';
import { Panel } from '../../ui/panel.js';
import type { Column } from '../../ui/table.js';
import { JsonDialog, useSetting } from './setting.js';

export interface RuleSettingProps<R extends object> {
  readonly title: string;
  readonly description: string;
  readonly bucket: string;
  /** The action that changing it asks for. */
  readonly asks: string;
  readonly columns: readonly Column<R>[];
  /** What a new rule begins with. */
  readonly first: R;
  read(): Promise<readonly R[]>;
  /** The fields of a rule. What a form does not show of it stays. */
  form(rule: R, onChange: (part: Partial<R>) => void): ReactNode;
  isComplete(rule: R): boolean;
  nameOf(rule: R): string;
  /** Stores the rules; `changed` is the one that is new or other than before. */
  save(rules: readonly R[], changed: R): Act;
  /** Stores what is left once `dropped` is gone. */
  drop(rules: readonly R[], dropped: R): Act;
  /** The whole setting at once; absent where the API takes one rule at a time. */
  replace?(rules: readonly R[]): Act;
  /** Above the table. */
  readonly children?: ReactNode;
}

type Open<R> = { readonly rule: R; readonly index: number } | 'json';

export function RuleSetting<R extends object>(props: RuleSettingProps<R>) {
  const { title, description, bucket, asks, first, nameOf, replace } = props;
  const t = useTexts();
  const [open, setOpen] = useState<Open<R>>();
  const query = useSetting<readonly R[]>([asks, bucket], props.read);
  const rules = query.data ?? [];
  const asked = { action: asks, resource: s3Arn(bucket) };
  const close = () => setOpen(undefined);
  return (
    <Panel
      title={title}
      description={description}
      error={query.error}
      loading={query.isLoading}
      actions={
        <>
          {replace && (
            <GuardedButton
              asks={asked}
              ariaLabel={`${t('s3.rule.json')}: ${title}`}
              onClick={() => setOpen('json')}
            >
              {t('s3.rule.json')}
            </GuardedButton>
          )}
          <GuardedButton
            asks={asked}
            ariaLabel={`${t('s3.rule.add')}: ${title}`}
            onClick={() => setOpen({ rule: first, index: rules.length })}
          >
            {t('s3.rule.add')}
          </GuardedButton>
        </>
      }
    >
      <SpaceBetween size="s">
        {props.children}
        <Table<R>
          variant="embedded"
          wrapLines
          items={rules}
          ariaLabels={{ tableLabel: title }}
          empty={<Box color="text-body-secondary">{t('common.notSet')}</Box>}
          columnDefinitions={[
            ...props.columns.map(({ id, header, cell }) => ({ id, header, cell })),
            {
              id: 'actions',
              header: t('common.actions'),
              cell: rule => (
                <SpaceBetween direction="horizontal" size="xs">
                  <GuardedButton
                    variant="inline-link"
                    asks={asked}
                    ariaLabel={`${t('common.edit')} ${nameOf(rule)}`}
                    onClick={() => setOpen({ rule, index: rules.indexOf(rule) })}
                  >
                    {t('common.edit')}
                  </GuardedButton>
                  <ActButton
                    variant="inline-link"
                    ariaLabel={`${t('common.delete')} ${nameOf(rule)}`}
                    text={t('common.delete')}
                    title={`${t('common.delete')}: ${nameOf(rule)}`}
                    asks={asked}
                    acts={() => [
                      props.drop(
                        rules.filter(other => other !== rule),
                        rule,
                      ),
                    ]}
                  />
                </SpaceBetween>
              ),
            },
          ]}
        />
      </SpaceBetween>
      {open === 'json' && replace && (
        <JsonDialog title={title} value={rules.length > 0 ? rules : [first]} put={replace} onClose={close} />
      )}
      {open && open !== 'json' && <RuleDialog {...props} rules={rules} open={open} onClose={close} />}
    </Panel>
  );
}

interface RuleDialogProps<R extends object> extends RuleSettingProps<R> {
  readonly rules: readonly R[];
  readonly open: { readonly rule: R; readonly index: number };
  onClose(): void;
}

function RuleDialog<R extends object>(props: RuleDialogProps<R>) {
  const { title, rules, open, form, isComplete, save, onClose } = props;
  const t = useTexts();
  const [rule, setRule] = useState(open.rule);
  const wanted = [...rules.slice(0, open.index), rule, ...rules.slice(open.index + 1)];
  return (
    <ActDialog
      size="large"
      title={title}
      submit={t('common.save')}
      acts={isComplete(rule) ? [save(wanted, rule)] : []}
      onClose={onClose}
    >
      {form(rule, part => setRule(present => ({ ...present, ...part })))}
    </ActDialog>
  );
}
