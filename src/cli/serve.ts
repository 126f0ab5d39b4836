import { isatty } from 'node:tty';
import { Command, Option } from 'commander';
import { type RunningServer, readSettings, type Settings, startServer, tuneCollector } from '../index.js';
import { untilSignal } from './signals.js';

interface ServeFlags {
  readonly config?: string;
  readonly json?: boolean;
  readonly [setting: string]: unknown;
}

export function serveCommand(): Command {
  return new Command('serve')
    .description('Run the server. Flags win over KARIKAGI_* variables, those over the configuration file.')
    .option('--data <directory>', 'where everything is kept, or "memory" (default: ./karikagi-data)')
    .option(
      '--kv <url>',
      'PostgreSQL instead of the directory, for servers on several machines: postgres://USER@HOST[,HOST…]/DATABASE; the password comes from PGPASSWORD or PGPASSFILE',
    )
    .option(
      '--blobs <url>',
      'where large bodies are instead of the directory: s3://BUCKET/PREFIX?endpoint=URL&region=NAME or file:///DIRECTORY',
    )
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--port <number>', 'port of the API; 0 takes a free one (default: 9000)')
    .addOption(
      new Option(
        '--console-port <number>',
        'port of the console, or "off"; 0 takes a free one (default: one above the API\'s)',
      ),
    )
    .option(
      '--console-hosts <names>',
      'further host names under which the console answers, with commas between',
    )
    .option(
      '--console-issuers <issuer=client>',
      'OpenID Connect issuers whose people may sign in to the console, with commas between',
    )
    .option('--public-endpoint <url>', 'where clients reach the API, for URLs that the console gives out')
    .addOption(
      new Option(
        '--tls <way>',
        'speak TLS alone: "self-signed" makes an authority and a certificate in the data directory',
      ).choices(['self-signed']),
    )
    .option(
      '--tls-cert <file>',
      'speak TLS alone, with this certificate and its chain (PEM); read again when it changes',
    )
    .option('--tls-key <file>', 'its private key (PEM)')
    .option(
      '--metrics-listen <address>',
      'port, or address with one, for /metrics and the probes alone; this machine finds them on the console’s port too',
    )
    .option(
      '--trusted-proxies <networks>',
      'proxies that are believed on where requests come from, and whether over TLS; with commas between',
    )
    .addOption(
      new Option(
        '--forwarded-header <name>',
        'where they write it: "x-forwarded-for" (with x-forwarded-proto) or "forwarded" (default: x-forwarded-for)',
      ).choices(['x-forwarded-for', 'forwarded']),
    )
    .option(
      '--drain-delay <seconds>',
      'after SIGTERM, how long the server answers on while it says that it is not ready any more (default: 0)',
    )
    .option('--workers <number>', 'processes that answer requests, on one data directory (default: 1)')
    .addOption(
      new Option(
        '--commits <way>',
        'how workers commit: "together" syncs a disk less often whose syncs take milliseconds (default: apart)',
      ).choices(['apart', 'together']),
    )
    .option('--account <id>', 'id of the first account, 12 digits (default: a random one)')
    .option('--account-name <name>', 'name of the first account')
    .addOption(
      new Option('--partition <name>', "the first account's partition").choices([
        'aws',
        'aws-cn',
        'aws-us-gov',
      ]),
    )
    .option(
      '--region <name>',
      'region of requests that name none (default: us-east-1, or the partition’s first)',
    )
    .addOption(
      new Option(
        '--new-buckets <state>',
        'what buckets begin with: "closed" has no access control lists and blocks public access, as on AWS since April 2023; "open" is as before (default: closed)',
      ).choices(['closed', 'open']),
    )
    .addOption(
      new Option(
        '--other-regions <way>',
        'what becomes of S3\'s requests that are signed for another region than their bucket\'s: "redirected" is as on AWS, but few clients follow to an endpoint of their own (default: served)',
      ).choices(['served', 'redirected']),
    )
    .option('--domains <names>', 'host names under which BUCKET.name addresses a bucket, with commas between')
    .option('--root-key-file <path>', 'file with the root key (default: root.key in the data directory)')
    .option('--root-key-kms <key>', 'key of an external KMS that seals the root key in its file')
    .option(
      '--oidc-keys <issuer=file>',
      'OpenID Connect issuers whose keys are in a file (a JWK set), with commas between',
    )
    .option(
      '--oidc-allow <hosts>',
      'host names, addresses and networks of OpenID Connect issuers that may be asked beside public addresses, with commas between',
    )
    .option(
      '--notify <name=place>',
      'URLs and files that events of buckets may be sent to, with commas between; URLs take KARIKAGI_NOTIFY_SECRET',
    )
    .option(
      '--replication-endpoints <bucket=url>',
      'buckets that other servers hold, to which replication copies: copies-*=https://s3.example.com?from=ACCOUNT&profile=NAME; with commas between',
    )
    .option(
      '--imds <profile=address>',
      'run an EC2 metadata endpoint for an instance profile at an address; may be repeated',
      (given: string, before: string[] = []) => [...before, given],
    )
    .option('--event-days <number>', 'how many days of the request log are kept (default: 30)')
    .option('--event-space <MiB>', 'how much of the request log is kept; the oldest goes (default: 10240)')
    .option(
      '--max-connections <number>',
      'connections at once, of each process (default: half of the files that it may open, at most 8192)',
    )
    .option(
      '--max-connections-per-address <number>',
      'of them from one address, or one /64 of IPv6; a proxy is one address (default: half of them)',
    )
    .addOption(
      new Option('--log <format>', 'what goes to standard error (default: text)').choices([
        'text',
        'json',
        'none',
      ]),
    )
    .addOption(
      new Option(
        '--log-level <level>',
        'the least that is logged; "debug" has a line for each request; SIGUSR2 turns it to debug and back (default: info)',
      ).choices(['debug', 'info', 'warn', 'error']),
    )
    .option('--config <file>', 'JSON file with the same settings: {"data": "/srv/karikagi", "port": 9000}')
    .option('--json', 'print the start as one JSON object')
    .action(async ({ config, json, ...flags }: ServeFlags) => {
      tuneCollector();
      const imds = Array.isArray(flags['imds']) ? { imds: flags['imds'].join(',') } : {};
      const given = { ...flags, ...imds };
      const read = () => readSettings(given, process.env, config, { consolePort: 'beside' });
      const server = await startServer(read());
      const stop = followSignals(server, read);
      const stopped = untilStopped(server);
      process.stdout.write(json ? `${JSON.stringify(startOf(server))}\n` : greeting(server));
      await stopped;
      stop();
    });
}

/** Resolves after SIGTERM or SIGINT, once running requests have ended; a second signal ends at once. */
export async function untilStopped(server: RunningServer): Promise<void> {
  await untilSignal();
  await server.drain();
}

/**
 * SIGHUP reads the settings again and replaces the workers one by one; SIGUSR2 turns the log to `debug` and back. The
 * answer ends it.
 */
function followSignals(server: RunningServer, read: () => Settings): () => void {
  let isDebug = server.settings.logLevel === 'debug';
  const say = (text: string) => process.stderr.write(`karikagi: ${text}\n`);
  const onTerminal = isatty(2);
  const reload = () => {
    // A terminal that was closed sends the same signal.
    if (onTerminal && !isatty(2)) {
      process.kill(process.pid, 'SIGTERM');
      return;
    }
    Promise.resolve()
      .then(() => server.reload(read()))
      .then(
        left =>
          say(left.length === 0 ? 'reloaded' : `reloaded; these settings want a start: ${left.join(', ')}`),
        (error: Error) => say(`not reloaded: ${error.message}`),
      );
  };
  const turn = () => {
    isDebug = !isDebug;
    const { logLevel } = server.settings;
    const level = isDebug ? 'debug' : logLevel === 'debug' ? 'info' : logLevel;
    server.setLogLevel(level);
    say(`the log level is ${level}`);
  };
  process.on('SIGHUP', reload).on('SIGUSR2', turn);
  return () => void process.off('SIGHUP', reload).off('SIGUSR2', turn);
}

function startOf(server: RunningServer) {
  const { endpoint, consoleUrl, transport, authorityFile, accountId, credentialsFile, settings } = server;
  const imds = Object.fromEntries([...server.imds].map(([profile, running]) => [profile, running.endpoint]));
  return {
    endpoint,
    console: consoleUrl,
    transport,
    ...(authorityFile && { authorityFile }),
    accountId,
    partition: settings.partition,
    region: settings.region,
    credentialsFile,
    ...(server.metricsUrl && { metrics: server.metricsUrl }),
    ...(server.imds.size > 0 && { imds }),
  };
}

const OPEN = '\n  new buckets  open: access control lists count, public access is not blocked';

function greeting(server: RunningServer): string {
  const { endpoint, consoleUrl, metricsUrl, authorityFile, accountId, credentialsFile, settings } = server;
  const environment = [
    `AWS_ENDPOINT_URL=${endpoint}`,
    ...(authorityFile ? [`AWS_CA_BUNDLE=${authorityFile}`] : []),
    `AWS_DEFAULT_REGION=${settings.region}`,
    ...(credentialsFile ? [`AWS_SHARED_CREDENTIALS_FILE=${credentialsFile}`] : []),
  ];
  return `Karikagi is ready.
  endpoint     ${endpoint}
  console      ${consoleUrl ?? 'none'}${metricsUrl ? `\n  metrics      ${metricsUrl}` : ''}
  account      ${accountId}
  data         ${settings.data}${settings.newBuckets === 'open' ? OPEN : ''}
  credentials  ${credentialsFile ?? 'in memory only'}${imdsLines(server)}${trustLine(server)}${warning(server)}

Try:
  ${environment.join(' ')} aws sts get-caller-identity
`;
}

function trustLine({ authorityFile }: RunningServer): string {
  if (authorityFile === undefined) return '';
  return `\n  trust        AWS_CA_BUNDLE=${authorityFile} (Node: NODE_EXTRA_CA_CERTS=${authorityFile})`;
}

function warning({ transport, settings }: RunningServer): string {
  if (transport !== 'plain') return '';
  return `

WARNING: ${settings.host} is reachable from a network, and this server speaks no TLS. Who is on the way reads and
changes what is sent. Passwords and customers' keys (SSE-C) are refused. Use --tls-cert and --tls-key, --tls
self-signed, or a proxy on this machine that ends TLS.`;
}

function imdsLines({ imds }: RunningServer): string {
  return [...imds].map(([profile, { endpoint }]) => `\n  metadata     ${endpoint} (${profile})`).join('');
}

export { type RunningServer, startServer };
