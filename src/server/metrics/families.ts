/** The metrics of a server: their names, what they count, and their values as Prometheus has them. */
import type { Histogram } from '../../core/histogram.js';

type Kind = 'counter' | 'gauge' | 'histogram';

/** Name → kind, what it is. Units stand in the names, as Prometheus has it ("Metric and label naming"). */
export const FAMILIES = {
  karikagi_build_info: ['gauge', 'Always 1; the version of Karikagi and of Node.'],
  karikagi_requests_total: [
    'counter',
    'Requests that were answered, by service, operation and class of status.',
  ],
  karikagi_request_errors_total: ['counter', 'Requests that were answered with an error, by its code.'],
  karikagi_request_duration_seconds: [
    'histogram',
    'From the arrival of a request until its reply was ready.',
  ],
  karikagi_received_bytes_total: ['counter', 'Bytes of the bodies of requests, as they announced them.'],
  karikagi_sent_bytes_total: ['counter', 'Bytes of the bodies of replies, as they announced them.'],
  karikagi_requests_in_flight: ['gauge', 'Requests whose reply has not left.'],
  karikagi_connections: ['gauge', 'Open connections of the API, the console and the metrics.'],
  karikagi_limits_reached_total: ['counter', 'What the bounds of a request have refused, by bound.'],
  karikagi_authorization_decisions_total: [
    'counter',
    'Decisions of policies, by effect and by the layer of policies that decided.',
  ],
  karikagi_sessions_issued_total: ['counter', 'Sessions that STS has issued, by how they came about.'],
  karikagi_sessions_revoked_total: ['counter', 'Sessions that were revoked.'],
  karikagi_sessions_live: ['gauge', 'Sessions that have not expired, revoked ones among them.'],
  karikagi_store_commits_total: [
    'counter',
    'Commits: applied, refused since what they read had changed, or failed.',
  ],
  karikagi_store_batch_commits: ['histogram', 'Commits that went to the disk together.'],
  karikagi_store_batch_seconds: ['histogram', 'How long a batch of commits took, until it was on disk.'],
  karikagi_store_batch_retries_total: [
    'counter',
    'Batches of commits that were sent to the database again: another server was in the way, or the connection was lost.',
  ],
  karikagi_store_lanes: ['gauge', 'Connections that commit to the database, by whether they are at work.'],
  karikagi_store_bytes: ['gauge', 'Size of the file with the records.'],
  karikagi_blobs: ['gauge', 'Files of large bodies.'],
  karikagi_blob_bytes: ['gauge', 'Bytes of large bodies.'],
  karikagi_disk_size_bytes: ['gauge', 'Size of the disk that bodies are written to.'],
  karikagi_disk_free_bytes: ['gauge', 'What is left of it.'],
  karikagi_disk_reserve_bytes: ['gauge', 'What is kept of it for deletions: below, no body is taken in.'],
  karikagi_notifications_waiting: [
    'gauge',
    'Events of buckets that wait to be delivered; counted up to 10,000.',
  ],
  karikagi_notifications_delivered_total: ['counter', 'Events that a target has taken.'],
  karikagi_notifications_dropped_total: ['counter', 'Events that a target did not take for a day.'],
  karikagi_notification_failures_total: [
    'counter',
    'Rounds of deliveries to a target in which something failed.',
  ],
  karikagi_replication_waiting: [
    'gauge',
    'Copies that wait to be made; counted up to 10,000 of each bucket.',
  ],
  karikagi_replication_copies_total: [
    'counter',
    'Copies of objects and delete markers, by what came of them.',
  ],
  karikagi_replication_endpoint_requests_total: [
    'counter',
    'Requests to other servers that hold copies, by whether they answered or were away.',
  ],
  karikagi_chore_runs_total: ['counter', 'Runs of what the server does by itself, by outcome.'],
  karikagi_chore_running: ['gauge', '1 while it runs.'],
  karikagi_chore_last_success_timestamp_seconds: ['gauge', 'When it last ended well; 0 before that.'],
  karikagi_chore_last_duration_seconds: ['gauge', 'How long that took.'],
  karikagi_lifecycle_actions_total: ['counter', 'What lifecycle rules have done to objects and uploads.'],
  karikagi_swept_blobs_total: ['counter', 'Files of bodies without a record that were deleted.'],
  karikagi_workers: ['gauge', 'Processes that answer requests.'],
  karikagi_worker_ends_total: ['counter', 'Workers that ended though nothing had asked them to.'],
  karikagi_ready: ['gauge', '1 where a check of readiness holds.'],
  karikagi_certificate_expiry_timestamp_seconds: ['gauge', 'When the certificate of the listeners ends.'],
} as const satisfies Record<string, readonly [Kind, string]>;

type FamilyName = keyof typeof FAMILIES;

/** A value, in the form that `prom-client` adds up and prints. */
export interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string | number>>;
  /** Of a member of a histogram. */
  readonly metricName?: string;
}

/** A metric with its values; `aggregator`: how those of several processes become one. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: Kind;
  readonly aggregator: 'sum' | 'first' | 'max';
  readonly values: readonly Sample[];
}

type Labels = Sample['labels'];

export function family(
  name: FamilyName,
  values: readonly (readonly [Labels, number])[],
  aggregator: Family['aggregator'] = 'sum',
): Family {
  const [type, help] = FAMILIES[name];
  return { name, help, type, aggregator, values: values.map(([labels, value]) => ({ labels, value })) };
}

export function histogram(name: FamilyName, all: readonly (readonly [Labels, Histogram])[]): Family {
  const [, help] = FAMILIES[name];
  const values = all.flatMap(([labels, { bounds, counts, sum }]): Sample[] => {
    let count = 0;
    const buckets = counts.map((own, index) => {
      count += own;
      return {
        metricName: `${name}_bucket`,
        labels: { ...labels, le: bounds[index] ?? '+Inf' },
        value: count,
      };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  });
  return { name, help, type: 'histogram', aggregator: 'sum', values };
}
