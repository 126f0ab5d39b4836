/**
 * Karikagi in a container, for tests: `karikagi/testcontainers`, beside the package `testcontainers`.
 *
 *     const karikagi = await new KarikagiContainer('karikagi').withAccount('111122223333').start();
 *     const s3 = new S3Client(karikagi.clientConfig());
 */
import { AbstractStartedContainer, GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';

/** Of the API and of the console, in the image. */
const API_PORT = 9000;
const CONSOLE_PORT = 9001;
const DATA = '/var/lib/karikagi';
/** The user of the image (packaging/image/install.sh). */
const USER = 10001;
const REGION = 'us-east-1';

/** The root user's keys of the first account. */
export interface RootCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What the clients of the AWS SDK for JavaScript take. */
export interface ClientConfig {
  /** `http://localhost:32768` */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: RootCredentials;
  /** Host names such as `BUCKET.localhost` resolve in few places. */
  readonly forcePathStyle: true;
}

/** A container of the image that `packaging/image` makes. Its data are in memory, and go with it. */
export class KarikagiContainer extends GenericContainer {
  #region = REGION;

  /** `image`: what `docker build -f packaging/image/Dockerfile -t karikagi .` made, or where it was pushed to. */
  constructor(image = 'karikagi') {
    super(image);
    this.withExposedPorts(API_PORT, CONSOLE_PORT)
      .withTmpFs({ [DATA]: `rw,uid=${USER},gid=${USER},mode=0700` })
      .withWaitStrategy(Wait.forHealthCheck());
  }

  /** The first account's id, 12 digits; a random one otherwise. */
  withAccount(id: string): this {
    return this.withSettings({ account: id });
  }

  /** The region of requests and buckets that name none. */
  withRegion(region: string): this {
    this.#region = region;
    return this.withSettings({ region });
  }

  /** Settings of `karikagi serve` by their names in its configuration file: `{ newBuckets: 'open' }`. */
  withSettings(settings: Readonly<Record<string, string | number>>): this {
    const variables = Object.entries(settings).map(([name, value]) => [
      `KARIKAGI_${name.replace(/[A-Z]/g, capital => `_${capital}`).toUpperCase()}`,
      String(value),
    ]);
    return this.withEnvironment(Object.fromEntries(variables));
  }

  /** Resolves once the server is ready. Throws what Testcontainers throws, and where there are no keys. */
  override async start(): Promise<StartedKarikagiContainer> {
    return await StartedKarikagiContainer.of(await super.start(), this.#region);
  }
}

/** A container that answers, and the keys to it. */
export class StartedKarikagiContainer extends AbstractStartedContainer {
  readonly credentials: RootCredentials;
  readonly region: string;

  private constructor(started: StartedTestContainer, credentials: RootCredentials, region: string) {
    super(started);
    this.credentials = credentials;
    this.region = region;
  }

  /** Reads the root user's keys out of a container that was started. Throws where it has none. */
  static async of(started: StartedTestContainer, region = REGION): Promise<StartedKarikagiContainer> {
    const { output, exitCode } = await started.exec(['cat', `${DATA}/credentials`]);
    const found = (name: string) => new RegExp(`^${name}\\s*=\\s*(\\S+)`, 'm').exec(output)?.[1];
    const accessKeyId = found('aws_access_key_id');
    const secretAccessKey = found('aws_secret_access_key');
    if (exitCode !== 0 || accessKeyId === undefined || secretAccessKey === undefined) {
      throw new Error(`the container has no keys of a root user in ${DATA}/credentials`);
    }
    return new StartedKarikagiContainer(started, { accessKeyId, secretAccessKey }, region);
  }

  /** STS, IAM, S3 and KMS. */
  get endpoint(): string {
    return `http://${this.getHost()}:${this.getMappedPort(API_PORT)}`;
  }

  get consoleUrl(): string {
    return `http://${this.getHost()}:${this.getMappedPort(CONSOLE_PORT)}`;
  }

  /** For a client of the AWS SDK, with the root user's keys: make users and roles with them, and test with those. */
  clientConfig(): ClientConfig {
    const { endpoint, region, credentials } = this;
    return { endpoint, region, credentials, forcePathStyle: true };
  }
}
