import { I18nProvider } from '@cloudscape-design/components/i18n';
import en from '@cloudscape-design/components/i18n/messages/all.en.json';
import ja from '@cloudscape-design/components/i18n/messages/all.ja.json';
import { useLocation } from 'wouter';
import { useLanguage } from './i18n/index.js';
import { SessionEnded } from './pages/session-ended.js';
import { ARRIVALS, SignInPage } from './pages/sign-in.js';
import { useSession } from './session/store.js';
import { Shell } from './shell.js';

export function App() {
  const language = useLanguage();
  const { signedIn, ended } = useSession();
  const [location] = useLocation();
  return (
    <I18nProvider locale={language} messages={[en, ja]}>
      {ended ? (
        <SessionEnded />
      ) : signedIn === undefined || ARRIVALS.includes(location) ? (
        <SignInPage />
      ) : (
        <Shell />
      )}
    </I18nProvider>
  );
}
