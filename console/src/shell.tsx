/** The frame of every page: the bar, the navigation, the page. */
import AppLayout from '@cloudscape-design/components/app-layout';
import Box from '@cloudscape-design/components/box';
import SideNavigation from '@cloudscape-design/components/side-navigation';
import Spinner from '@cloudscape-design/components/spinner';
import { Suspense, useEffect } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { Bar } from './bar.js';
import { useTexts } from './i18n/index.js';
import { navigation, type Params, routes } from './routes.js';
import { session, useSignedIn } from './session/store.js';
import { Failing } from './ui/failing.js';
import { PlainNotice } from './ui/plain-notice.js';
import { UploadsPanel } from './upload/panel.js';

export function Shell() {
  const t = useTexts();
  const [location, navigate] = useLocation();
  const { current, region } = useSignedIn();
  useTitle(location);
  return (
    <>
      <div id="bar">
        <Bar />
      </div>
      <AppLayout
        headerSelector="#bar"
        toolsHide
        notifications={
          <>
            <PlainNotice />
            <UploadsPanel />
          </>
        }
        navigation={
          <SideNavigation
            header={{ href: '/', text: 'Karikagi' }}
            activeHref={activeLink(location)}
            onFollow={event => {
              if (event.detail.external) return;
              event.preventDefault();
              navigate(event.detail.href);
            }}
            items={navigation.map(({ text, links }) => ({
              type: 'section',
              text: t(text),
              items: links.map(link => ({ type: 'link', text: t(link.text), href: link.href })),
            }))}
          />
        }
        content={
          // A page of another identity or region begins again: nothing of the former one stays on it.
          <Failing key={`${current.arn} ${current.account} ${region} ${location}`}>
            <Suspense fallback={<Spinner size="large" />}>
              <Switch>
                {routes.map(({ path, page: Page }) => (
                  <Route key={path} path={path}>
                    {params => <Page params={decoded(params as Params)} />}
                  </Route>
                ))}
                <Route>
                  <Box variant="h1">{t('error.notFound')}</Box>
                </Route>
              </Switch>
            </Suspense>
          </Failing>
        }
      />
    </>
  );
}

/** The router leaves what stands for a slash as it came. */
function decoded(params: Params): Params {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, decodedText(value)]));
}

function decodedText(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function activeLink(location: string): string {
  const links = navigation.flatMap(({ links }) => links.map(({ href }) => href));
  return links.find(href => location === href || location.startsWith(`${href}/`)) ?? location;
}

function useTitle(location: string): void {
  useEffect(() => {
    const last = decodedText(location.split('/').filter(Boolean).pop() ?? '');
    const role = session().signedIn?.role?.displayName;
    document.title = [last, role, 'Karikagi'].filter(Boolean).join(' · ');
  }, [location]);
}
