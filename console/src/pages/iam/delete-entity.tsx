import { useLocation } from 'wouter';
import type { Act } from '../../api/act.js';
import { useTexts } from '../../i18n/index.js';
import { ActButton } from '../../ui/action.js';
import { actionOn, type Entity } from './entity.js';

/** Deletes a user, group or role once its name is typed, and goes back to the list. */
export function DeleteEntity({
  entity,
  title,
  body,
  act,
}: {
  readonly entity: Entity;
  readonly title: string;
  readonly body?: string;
  readonly act: Act;
}) {
  const t = useTexts();
  const [, navigate] = useLocation();
  return (
    <ActButton
      text={t('common.delete')}
      title={title}
      body={body}
      typed={entity.name}
      asks={actionOn(entity, 'Delete', '')}
      acts={() => [act]}
      onDone={() => navigate(`/iam/${entity.kind}s`)}
    />
  );
}
