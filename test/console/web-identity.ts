/** An OpenID Connect provider for people, as the browser meets it: its pages are answered in the browser itself. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { CreateOpenIDConnectProviderCommand, CreateRoleCommand, type IAMClient } from '@aws-sdk/client-iam';
import type { Page } from 'playwright-core';
import type { OidcIssuer } from '../support/oidc-issuer.js';

const CLIENT = 'console';

/** A role that the issuer's people may assume; answers its ARN. */
export async function trustIssuer(iam: IAMClient, issuer: OidcIssuer): Promise<string> {
  const { OpenIDConnectProviderArn } = await iam.send(
    new CreateOpenIDConnectProviderCommand({ Url: issuer.url, ClientIDList: [CLIENT] }),
  );
  const Statement = [
    {
      Effect: 'Allow',
      Principal: { Federated: OpenIDConnectProviderArn },
      Action: 'sts:AssumeRoleWithWebIdentity',
      Condition: { StringEquals: { [`${issuer.name}:aud`]: CLIENT } },
    },
  ];
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'web', AssumeRolePolicyDocument }));
  return Role!.Arn!;
}

/** Answers for the issuer: metadata, a sign-in that asks nothing, and tokens for who proves the code's verifier. */
export async function playIssuer(page: Page, issuer: OidcIssuer, now: () => number): Promise<void> {
  let challenge: string | null = null;
  const headers = { 'access-control-allow-origin': '*' };
  await page.route(`${issuer.url}/**`, async route => {
    const url = new URL(route.request().url());
    if (url.pathname === '/authorize') {
      challenge = url.searchParams.get('code_challenge');
      assert.equal(url.searchParams.get('code_challenge_method'), 'S256');
      const back = new URL(url.searchParams.get('redirect_uri')!);
      back.search = new URLSearchParams({
        code: 'the-code',
        state: url.searchParams.get('state')!,
      }).toString();
      const body = `<meta http-equiv="refresh" content="0;url=${back.href.replaceAll('&', '&amp;')}">`;
      return await route.fulfill({ contentType: 'text/html', body });
    }
    if (url.pathname === '/token') {
      const form = new URLSearchParams(route.request().postData() ?? '');
      const proof = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url');
      assert.deepEqual([form.get('code'), proof], ['the-code', challenge]);
      const id_token = await issuer.token(now(), { aud: CLIENT, sub: 'ann' });
      return await route.fulfill({ headers, json: { id_token } });
    }
    return await route.fulfill({
      headers,
      json: {
        issuer: issuer.url,
        authorization_endpoint: `${issuer.url}/authorize`,
        token_endpoint: `${issuer.url}/token`,
      },
    });
  });
}
