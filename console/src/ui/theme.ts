/** Light or dark, as the system has it unless chosen otherwise. */
import { applyMode, Mode } from '@cloudscape-design/global-styles';

export type Theme = 'system' | 'light' | 'dark';

const CHOICE = 'karikagi.theme';
const system = matchMedia('(prefers-color-scheme: dark)');

export function chosenTheme(): Theme {
  const chosen = localStorage.getItem(CHOICE);
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

export function chooseTheme(theme: Theme): void {
  if (theme === 'system') localStorage.removeItem(CHOICE);
  else localStorage.setItem(CHOICE, theme);
  applyTheme();
}

export function applyTheme(): void {
  const theme = chosenTheme();
  const dark = theme === 'dark' || (theme === 'system' && system.matches);
  applyMode(dark ? Mode.Dark : Mode.Light);
}

system.addEventListener('change', applyTheme);
