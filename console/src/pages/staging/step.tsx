import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { type TextKey, useTexts } from '../../i18n/index.js';
import type { RunState } from './run-state.js';

/** How far a run is. One that is done has left rows out where the warehouse refused some. */
export function Step({ state: { step, refused = 0 } }: { readonly state: RunState }) {
  const t = useTexts();
  const type = step !== 'done' ? 'in-progress' : refused > 0 ? 'warning' : 'success';
  return <StatusIndicator type={type}>{t(`staging.step.${step}` as TextKey)}</StatusIndicator>;
}
