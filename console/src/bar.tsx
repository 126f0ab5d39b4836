/** The bar: who one is, how long that lasts, and how to become somebody else. */
import TopNavigation, { type TopNavigationProps } from '@cloudscape-design/components/top-navigation';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { serverConfig } from './api/config.js';
import { currentKeys } from './api/credentials.js';
import { type Language, setLanguage, useLanguage, useTexts } from './i18n/index.js';
import { setRegion, signOut, switchBack, useSignedIn } from './session/store.js';
import { durationText } from './ui/format.js';
import { useNow } from './ui/now.js';
import { queries } from './ui/query.js';
import { chooseTheme, chosenTheme, type Theme } from './ui/theme.js';
import { shortName, WhoAmI } from './who-am-i.js';

export function Bar() {
  const t = useTexts();
  const [, navigate] = useLocation();
  const [who, setWho] = useState(false);
  const { current, base, role } = useSignedIn();
  const name = role?.displayName ?? shortName(current.arn);
  const follow = (id: string) => {
    if (id === 'who') setWho(true);
    if (id === 'switch') navigate('/switchrole');
    if (id === 'back') switchBack();
    if (id === 'out') {
      signOut();
      queries.clear();
      navigate('/');
    }
  };
  return (
    <>
      <TopNavigation
        identity={{
          href: '/',
          title: 'Karikagi',
          onFollow: event => {
            event.preventDefault();
            navigate('/');
          },
        }}
        utilities={[
          useRegionMenu(),
          useSettingsMenu(),
          { type: 'button', text: useTimeLeft(), iconName: 'status-pending', onClick: () => setWho(true) },
          {
            type: 'menu-dropdown',
            text: name,
            description: current.arn,
            iconName: role ? 'group' : 'user-profile',
            onItemClick: ({ detail }) => follow(detail.id),
            items: [
              { id: 'who', text: t('bar.whoami') },
              { id: 'switch', text: t('bar.switchRole') },
              ...(role ? [{ id: 'back', text: t('bar.switchBack', { name: shortName(base.arn) }) }] : []),
              { id: 'out', text: t('bar.signOut') },
            ],
          },
        ]}
      />
      {who && <WhoAmI onClose={() => setWho(false)} />}
    </>
  );
}

/** What is left of the session. Asks for the keys now and then, which renews those of a role. */
function useTimeLeft(): string {
  const t = useTexts();
  const now = useNow();
  const { current } = useSignedIn();
  const minute = Math.floor(now / 60_000);
  useEffect(() => {
    if (minute > 0) void currentKeys().catch(() => undefined);
  }, [minute]);
  const { expires } = current.keys;
  return expires === undefined ? '' : t('bar.timeLeft', { time: durationText(expires - now) });
}

/** The regions that accounts of a partition have without opting in. */
const REGIONS: Readonly<Record<'aws' | 'cn' | 'gov', readonly string[]>> = {
  aws: [
    'us-east-1',
    'us-east-2',
    'us-west-1',
    'us-west-2',
    'ca-central-1',
    'sa-east-1',
    'eu-central-1',
    'eu-north-1',
    'eu-west-1',
    'eu-west-2',
    'eu-west-3',
    'ap-northeast-1',
    'ap-northeast-2',
    'ap-northeast-3',
    'ap-south-1',
    'ap-southeast-1',
    'ap-southeast-2',
  ],
  cn: ['cn-north-1', 'cn-northwest-1'],
  gov: ['us-gov-east-1', 'us-gov-west-1'],
};

function regionsBeside(region: string): readonly string[] {
  if (region.startsWith('cn-')) return REGIONS.cn;
  return region.startsWith('us-gov-') ? REGIONS.gov : REGIONS.aws;
}

function useRegionMenu(): TopNavigationProps.Utility {
  const t = useTexts();
  const { region } = useSignedIn();
  const [home, setHome] = useState(region);
  useEffect(() => {
    void serverConfig().then(config => setHome(config.region));
  }, []);
  const regions = [...new Set([home, region, ...regionsBeside(home)])].sort();
  return {
    type: 'menu-dropdown',
    text: region,
    ariaLabel: `${t('bar.region')}: ${region}`,
    iconName: 'globe',
    onItemClick: ({ detail }) => setRegion(detail.id),
    items: regions.map(id => ({ id, text: id })),
  };
}

export function useSettingsMenu(): TopNavigationProps.Utility {
  const t = useTexts();
  const language = useLanguage();
  const [theme, setTheme] = useState(chosenTheme());
  const themes: readonly [Theme, 'bar.system' | 'bar.light' | 'bar.dark'][] = [
    ['system', 'bar.system'],
    ['light', 'bar.light'],
    ['dark', 'bar.dark'],
  ];
  return {
    type: 'menu-dropdown',
    iconName: 'settings',
    ariaLabel: t('bar.settings'),
    title: t('bar.settings'),
    onItemClick: ({ detail: { id } }) => {
      if (id === 'en' || id === 'ja') setLanguage(id satisfies Language);
      else {
        chooseTheme(id as Theme);
        setTheme(id as Theme);
      }
    },
    items: [
      {
        text: `Language / 言語`,
        items: [
          { id: 'en', text: 'English', itemType: 'checkbox', checked: language === 'en' },
          { id: 'ja', text: '日本語', itemType: 'checkbox', checked: language === 'ja' },
        ],
      },
      {
        text: t('bar.theme'),
        items: themes.map(([id, key]) => ({
          id,
          text: t(key),
          itemType: 'checkbox' as const,
          checked: theme === id,
        })),
      },
    ],
  };
}
