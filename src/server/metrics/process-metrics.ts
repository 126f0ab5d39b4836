/** What each process of a server counts for itself. */
import type { ChoreCounts, Chores } from '../../core/chores.js';
import type { RequestCounts } from '../../events/request-counts.js';
import type { Counters } from '../../http/counters.js';
import type { SessionCounts } from '../../identity/sessions/session-counts.js';
import type { DeliveryCounts } from '../../notifications/delivery-counts.js';
import type { CommitStats } from '../../store/commit-stats.js';
import type { EndpointCounts } from '../replication-endpoints.js';
import { type Family, family, histogram } from './families.js';

/** Where a process counts. */
export interface Counts {
  readonly requests: RequestCounts;
  /** What the budgets have refused. */
  readonly limits: Counters;
  readonly sessions: SessionCounts;
  readonly commits: CommitStats | undefined;
  readonly chores: Chores;
  readonly deliveries: DeliveryCounts;
  /** Copies of replication, by their outcome. */
  readonly copies: ReadonlyMap<string, number>;
  /** Requests to other servers that copies go to. */
  readonly endpoints: EndpointCounts;
  /** Connections that are open now. */
  readonly connections: () => number;
}

const CLASSES = ['unknown', '1xx', '2xx', '3xx', '4xx', '5xx'];

/** The metrics of this process, without those of Node itself. */
export function processFamilies(counts: Counts): Family[] {
  const { limits, sessions, chores, deliveries, connections } = counts;
  return [
    ...requestFamilies(counts.requests),
    family('karikagi_connections', [[{}, connections()]]),
    family('karikagi_limits_reached_total', labelled('limit', limits.all())),
    family('karikagi_sessions_issued_total', labelled('kind', sessions.issued)),
    family('karikagi_sessions_revoked_total', [[{}, sessions.revoked]]),
    ...(counts.commits ? commitFamilies(counts.commits) : []),
    ...choreFamilies(chores),
    family('karikagi_notifications_delivered_total', labelled('target', deliveries.delivered)),
    family('karikagi_notifications_dropped_total', labelled('target', deliveries.dropped)),
    family('karikagi_notification_failures_total', labelled('target', deliveries.failures)),
    family('karikagi_replication_copies_total', labelled('outcome', counts.copies)),
    family('karikagi_replication_endpoint_requests_total', endpointRequests(counts.endpoints)),
  ];
}

function endpointRequests({ answered, away }: EndpointCounts) {
  const of = (outcome: string, counts: ReadonlyMap<string, number>) =>
    [...counts].map(([endpoint, count]) => [{ endpoint, outcome }, count] as const);
  return [...of('answered', answered), ...of('away', away)];
}

function labelled(label: string, counts: ReadonlyMap<string, number>) {
  return [...counts].map(([name, count]) => [{ [label]: name }, count] as const);
}

function requestFamilies({ services, decisions, inFlight }: RequestCounts): Family[] {
  const all = [...services].flatMap(([service, operations]) =>
    [...operations].map(([operation, counts]) => ({ labels: { service, operation }, counts })),
  );
  return [
    family(
      'karikagi_requests_total',
      all.flatMap(({ labels, counts }) =>
        counts.statuses.flatMap((count, digit) =>
          count === 0 ? [] : [[{ ...labels, status: CLASSES[digit]! }, count] as const],
        ),
      ),
    ),
    family(
      'karikagi_request_errors_total',
      all.flatMap(({ labels, counts }) =>
        [...counts.errors].map(([code, count]) => [{ ...labels, code }, count] as const),
      ),
    ),
    histogram(
      'karikagi_request_duration_seconds',
      all.map(({ labels, counts }) => [labels, counts.seconds]),
    ),
    family(
      'karikagi_received_bytes_total',
      all.map(({ labels, counts }) => [labels, counts.received]),
    ),
    family(
      'karikagi_sent_bytes_total',
      all.map(({ labels, counts }) => [labels, counts.sent]),
    ),
    family('karikagi_requests_in_flight', [[{}, inFlight]]),
    family(
      'karikagi_authorization_decisions_total',
      [...decisions].flatMap(([service, made]) =>
        [...made].map(([name, count]) => {
          const [effect = '', layer = ''] = name.split(' ');
          return [{ service, effect, layer }, count] as const;
        }),
      ),
    ),
  ];
}

function commitFamilies({ applied, refused, failed, retried, lanes, sizes, seconds }: CommitStats): Family[] {
  return [
    family('karikagi_store_commits_total', [
      [{ outcome: 'applied' }, applied],
      [{ outcome: 'refused' }, refused],
      [{ outcome: 'failed' }, failed],
    ]),
    histogram('karikagi_store_batch_commits', [[{}, sizes]]),
    histogram('karikagi_store_batch_seconds', [[{}, seconds]]),
    ...(lanes ? laneFamilies(lanes, retried) : []),
  ];
}

function laneFamilies({ all, busy }: NonNullable<CommitStats['lanes']>, retried: number): Family[] {
  const working = busy();
  return [
    family('karikagi_store_batch_retries_total', [[{}, retried]]),
    family('karikagi_store_lanes', [
      [{ state: 'busy' }, working],
      [{ state: 'idle' }, all - working],
    ]),
  ];
}

function choreFamilies({ counts, done }: Chores): Family[] {
  const all = [...counts];
  const each = (read: (of: ChoreCounts) => number) =>
    all.map(([chore, of]) => [{ chore }, read(of)] as const);
  return [
    family('karikagi_chore_runs_total', [
      ...all.map(([chore, { succeeded }]) => [{ chore, outcome: 'succeeded' }, succeeded] as const),
      ...all.map(([chore, { failed }]) => [{ chore, outcome: 'failed' }, failed] as const),
    ]),
    family(
      'karikagi_chore_running',
      each(of => (of.running ? 1 : 0)),
    ),
    family(
      'karikagi_chore_last_success_timestamp_seconds',
      each(of => of.lastSuccess),
      'max',
    ),
    family(
      'karikagi_chore_last_duration_seconds',
      each(of => of.lastSeconds),
      'max',
    ),
    family(
      'karikagi_lifecycle_actions_total',
      [...done].filter(([what]) => what !== SWEPT).map(([action, times]) => [{ action }, times]),
    ),
    family('karikagi_swept_blobs_total', [[{}, done.get(SWEPT) ?? 0]]),
  ];
}

/** The name of the one thing done that is no action of lifecycle rules. */
export const SWEPT = 'swept';
