/** The pages and where they are. A page is a file of `pages/`, loaded when it is first opened. */
import { type ComponentType, lazy } from 'react';
import type { TextKey } from './i18n/index.js';

/** What a page is given from its address, decoded. */
export type Params = Readonly<Record<string, string>>;
export type PageComponent = ComponentType<{ readonly params: Params }>;

interface Route {
  /** `/iam/users/:name`; `*` at the end takes the rest. */
  readonly path: string;
  readonly page: PageComponent;
}

function page(load: () => Promise<{ readonly default: PageComponent }>): PageComponent {
  return lazy(load);
}

export const routes: readonly Route[] = [
  { path: '/', page: page(() => import('./pages/home.js')) },
  { path: '/iam/users', page: page(() => import('./pages/iam/users.js')) },
  { path: '/iam/users/:name', page: page(() => import('./pages/iam/user.js')) },
  { path: '/iam/roles', page: page(() => import('./pages/iam/roles.js')) },
  { path: '/iam/create-role', page: page(() => import('./pages/iam/create-role.js')) },
  { path: '/iam/roles/:name', page: page(() => import('./pages/iam/role.js')) },
  { path: '/s3/buckets', page: page(() => import('./pages/s3/buckets.js')) },
  { path: '/s3/buckets/:bucket', page: page(() => import('./pages/s3/bucket.js')) },
  { path: '/iam/groups', page: page(() => import('./pages/iam/groups.js')) },
  { path: '/iam/groups/:name', page: page(() => import('./pages/iam/group.js')) },
  { path: '/iam/policies', page: page(() => import('./pages/iam/policies.js')) },
  { path: '/iam/create-policy', page: page(() => import('./pages/iam/create-policy.js')) },
  { path: '/iam/policies/:arn', page: page(() => import('./pages/iam/policy.js')) },
  { path: '/iam/providers', page: page(() => import('./pages/iam/providers.js')) },
  { path: '/iam/providers/:arn', page: page(() => import('./pages/iam/provider.js')) },
  { path: '/account', page: page(() => import('./pages/account.js')) },
  { path: '/sessions', page: page(() => import('./pages/sessions.js')) },
  { path: '/kms/keys', page: page(() => import('./pages/kms/keys.js')) },
  { path: '/kms/keys/:id', page: page(() => import('./pages/kms/key.js')) },
  { path: '/denied', page: page(() => import('./pages/denied/list.js')) },
  { path: '/denied/:id', page: page(() => import('./pages/denied/details.js')) },
  { path: '/events', page: page(() => import('./pages/events/list.js')) },
  { path: '/events/:id', page: page(() => import('./pages/events/details.js')) },
  { path: '/simulate', page: page(() => import('./pages/simulate.js')) },
  { path: '/organization', page: page(() => import('./pages/organization/page.js')) },
  { path: '/setup', page: page(() => import('./pages/setup/staging.js')) },
  { path: '/setup/remove', page: page(() => import('./pages/setup/remove.js')) },
  { path: '/staging', page: page(() => import('./pages/staging/runs.js')) },
  { path: '/staging/:bucket', page: page(() => import('./pages/staging/run.js')) },
  { path: '/s3/object/:bucket', page: page(() => import('./pages/s3/object.js')) },
  { path: '/switchrole', page: page(() => import('./pages/switch-role.js')) },
];

/** The navigation: sections, each with its links. */
export const navigation: readonly {
  readonly text: TextKey;
  readonly links: readonly { readonly text: TextKey; readonly href: string }[];
}[] = [
  {
    text: 'nav.iam',
    links: [
      { text: 'nav.users', href: '/iam/users' },
      { text: 'nav.groups', href: '/iam/groups' },
      { text: 'nav.roles', href: '/iam/roles' },
      { text: 'nav.policies', href: '/iam/policies' },
      { text: 'nav.providers', href: '/iam/providers' },
      { text: 'nav.sessions', href: '/sessions' },
      { text: 'nav.account', href: '/account' },
      { text: 'nav.organization', href: '/organization' },
    ],
  },
  {
    text: 'nav.storage',
    links: [
      { text: 'nav.buckets', href: '/s3/buckets' },
      { text: 'nav.keys', href: '/kms/keys' },
      { text: 'nav.setup', href: '/setup' },
      { text: 'nav.staging', href: '/staging' },
    ],
  },
  {
    text: 'nav.insight',
    links: [
      { text: 'nav.events', href: '/events' },
      { text: 'nav.denied', href: '/denied' },
      { text: 'nav.simulate', href: '/simulate' },
    ],
  },
];
