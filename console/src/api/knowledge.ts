/** What the linter knows of AWS's services, asked of the server one service at a time. */
import type { KnownAction, KnownKey, KnownService, ServiceKnowledge } from '../../../src/policy/knowledge.js';

interface Sent {
  readonly actions: readonly KnownAction[];
  readonly arns: readonly string[];
  readonly conditionKeys: readonly string[];
}

const services = new Map<string, Promise<KnownService | undefined>>();
const keys = new Map<string, Promise<KnownKey | undefined>>();
let names: Promise<readonly string[]> | undefined;

async function get<T>(name: string): Promise<T | undefined> {
  const response = await fetch(`/knowledge/${name}.json`);
  return response.ok ? ((await response.json()) as T) : undefined;
}

function once<T>(of: Map<string, Promise<T>>, name: string, make: () => Promise<T>): Promise<T> {
  let known = of.get(name);
  if (known === undefined) of.set(name, (known = make()));
  return known;
}

async function readService(prefix: string): Promise<KnownService | undefined> {
  if (!/^[a-z0-9-]+$/.test(prefix) || !(await serviceNames()).includes(prefix)) return undefined;
  const sent = await get<Sent>(prefix);
  if (sent === undefined) return undefined;
  const actions = new Map(sent.actions.map(action => [action.name.toLowerCase(), action]));
  return { actions, arns: sent.arns, conditionKeys: sent.conditionKeys };
}

function serviceNames(): Promise<readonly string[]> {
  names ??= get<readonly string[]>('services').then(found => found ?? []);
  return names;
}

export const knowledge: ServiceKnowledge = {
  service: prefix => once(services, prefix.toLowerCase(), () => readService(prefix.toLowerCase())),
  services: serviceNames,
  conditionKey: name =>
    once(keys, name.toLowerCase(), () => get<KnownKey>(`key/${encodeURIComponent(name)}`)),
};
