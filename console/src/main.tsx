import '@cloudscape-design/global-styles/index.css';
import './style.css';
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.js';
import { currentLanguage } from './i18n/index.js';
import { queries } from './ui/query.js';
import { applyTheme } from './ui/theme.js';

document.documentElement.lang = currentLanguage();
applyTheme();
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
