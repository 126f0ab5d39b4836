/** Random lives of keys, each step compared with a model that knows nothing of materials, records or sweeps. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DecryptResponse, EncryptResponse } from '@aws-sdk/client-kms';
import fc from 'fast-check';
import { ApiError } from '../../core/errors.js';
import { bytes, describe, type KmsWorld, newKey, openKmsWorld } from '../../kms/kms.test.support.js';

const DAY = 86_400;

type Step =
  | { readonly do: 'Enable' | 'Disable' | 'Cancel' | 'Encrypt' | 'Rotate' | 'Sweep' | 'Alias' | 'Unalias' }
  | { readonly do: 'Schedule' | 'RotateEvery' | 'Wait'; readonly days: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('Encrypt' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('Enable', 'Disable', 'Cancel', 'Rotate', 'Sweep', 'Alias', 'Unalias'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('Schedule' as const), days: fc.integer({ min: 7, max: 30 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('RotateEvery' as const),
      days: fc.integer({ min: 90, max: 400 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('Wait' as const), days: fc.integer({ min: 1, max: 120 }) }),
  },
);

/** What a key must be, by the words of the KMS Developer Guide. */
class Model {
  enabled = true;
  alias = false;
  /** Day on which it is deleted. */
  deletion: number | undefined;
  gone = false;
  day = 0;
  /** Rotations so far, and the next automatic one. */
  rotations = 0;
  schedule: { period: number; next: number } | undefined;

  get state(): string {
    if (this.deletion !== undefined) return 'PendingDeletion';
    return this.enabled ? 'Enabled' : 'Disabled';
  }

  wait(days: number): void {
    this.day += days;
    this.settle();
  }

  settle(): void {
    if (this.deletion !== undefined && this.day >= this.deletion) this.gone = true;
    const { schedule } = this;
    if (this.gone || this.state !== 'Enabled' || !schedule || schedule.next > this.day) return;
    this.rotations++;
    while (schedule.next <= this.day) schedule.next += schedule.period;
  }

  /** The error that a step ends with; undefined where it succeeds, which also changes the model. */
  take(step: Step): string | undefined {
    if (step.do === 'Wait') this.wait(step.days);
    if (step.do === 'Wait' || step.do === 'Sweep') return undefined;
    if (this.gone) return 'NotFoundException';
    const error = this.#refusal(step);
    if (!error) this.#change(step);
    this.settle();
    return error;
  }

  #refusal({ do: what }: Step): string | undefined {
    const { state } = this;
    if (what === 'Cancel') return state === 'PendingDeletion' ? undefined : 'KMSInvalidStateException';
    if (what === 'Unalias') return this.alias ? undefined : 'NotFoundException';
    if (state === 'PendingDeletion') return 'KMSInvalidStateException';
    if (what === 'Alias') return this.alias ? 'AlreadyExistsException' : undefined;
    const needsEnabled = what === 'Encrypt' || what === 'Rotate' || what === 'RotateEvery';
    return needsEnabled && state === 'Disabled' ? 'DisabledException' : undefined;
  }

  #change(step: Step): void {
    switch (step.do) {
      case 'Enable':
        this.enabled = true;
        break;
      case 'Disable':
        this.enabled = false;
        break;
      case 'Cancel':
        this.deletion = undefined;
        break;
      case 'Schedule':
        this.enabled = false;
        this.deletion = this.day + step.days;
        break;
      case 'Rotate':
        this.rotations++;
        break;
      case 'RotateEvery':
        if (this.schedule?.period !== step.days) {
          this.schedule = { period: step.days, next: this.day + step.days };
        }
        break;
      case 'Alias':
        this.alias = true;
        break;
      case 'Unalias':
        this.alias = false;
        break;
    }
  }
}

const REQUESTS: Readonly<Record<string, (KeyId: string, step: Step) => readonly [string, object]>> = {
  Enable: KeyId => ['EnableKey', { KeyId }],
  Disable: KeyId => ['DisableKey', { KeyId }],
  Cancel: KeyId => ['CancelKeyDeletion', { KeyId }],
  Rotate: KeyId => ['RotateKeyOnDemand', { KeyId }],
  Alias: TargetKeyId => ['CreateAlias', { AliasName: 'alias/it', TargetKeyId }],
  Unalias: () => ['DeleteAlias', { AliasName: 'alias/it' }],
  Schedule: (KeyId, step) => [
    'ScheduleKeyDeletion',
    { KeyId, PendingWindowInDays: 'days' in step && step.days },
  ],
  RotateEvery: (KeyId, step) => [
    'EnableKeyRotation',
    { KeyId, RotationPeriodInDays: 'days' in step && step.days },
  ],
};

const codeOf = async (work: Promise<unknown>): Promise<string | undefined> => {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error.code;
    throw error;
  }
};

async function live(kms: KmsWorld, life: readonly Step[]): Promise<void> {
  const { KeyId } = await newKey(kms);
  const model = new Model();
  const blobs: Uint8Array[] = [];
  for (const step of life) {
    const error = await codeOf(act(kms, KeyId, step, blobs));
    assert.equal(error, model.take(step), `${JSON.stringify(step)} in ${model.state} on day ${model.day}`);
    await compare(kms, KeyId, model, blobs);
  }
}

async function act(kms: KmsWorld, KeyId: string, step: Step, blobs: Uint8Array[]): Promise<void> {
  if (step.do === 'Wait') return kms.world.clock.advance(step.days * DAY);
  if (step.do === 'Sweep') return void (await kms.kms.sweep());
  if (step.do === 'Encrypt') {
    const Plaintext = bytes(`message ${blobs.length}`);
    const { CiphertextBlob } = await kms.call<EncryptResponse>(kms.root, 'Encrypt', { KeyId, Plaintext });
    blobs.push(CiphertextBlob!);
    return;
  }
  await kms.call(kms.root, ...REQUESTS[step.do]!(KeyId, step));
}

async function compare(kms: KmsWorld, KeyId: string, model: Model, blobs: readonly Uint8Array[]) {
  if (model.gone) {
    assert.equal(await codeOf(describe(kms, KeyId)), 'NotFoundException');
    assert.equal(await codeOf(describe(kms, 'alias/it')), 'NotFoundException');
  } else {
    assert.equal((await describe(kms, KeyId)).KeyState, model.state);
    const record = await kms.kms.keys.find('111122223333', 'us-east-1', KeyId);
    assert.equal(record!.materials.length, model.rotations + 1);
    assert.deepEqual(record!.aliases, model.alias ? ['alias/it'] : []);
  }
  if (model.gone || model.state !== 'Enabled') return;
  for (const [index, CiphertextBlob] of blobs.entries()) {
    const { Plaintext } = await kms.call<DecryptResponse>(kms.root, 'Decrypt', { CiphertextBlob });
    assert.equal(Buffer.from(Plaintext!).toString(), `message ${index}`);
  }
}

test('whatever happens to a key, it is in the state that the guide says, and opens what it made', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 40 }), async life => {
      await live(await openKmsWorld(), life);
    }),
    { numRuns: 60 },
  );
});
