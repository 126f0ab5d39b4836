import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeWords } from './metadata.js';

// LocalStack's recordings of AWS, test_post_object_with_unicode_metadata and test_put_unicode_metadata_with_sig_s3.
for (const [value, shown] of [
  ['=?UTF-8?Q?actually-ascii?=', '=?UTF-8?Q?actually-ascii?='],
  ['! "#$%&\'()*+,-./:;<>?@[\\]^_`{|}~\t', '! "#$%&\'()*+,-./:;<>?@[\\]^_`{|}~\t'],
  ['ÄMÄZÕÑ S3', '=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?='],
  ['non-ascii-%E2%80%94_—_é_', '=?UTF-8?Q?non-ascii-%E2%80%94=5F=E2=80=94=5F=C3=A9=5F?='],
  ['\0\x01\x02\x03\x04', '=?UTF-8?B?AAECAwQ=?='],
] as const) {
  test(`metadata of ${JSON.stringify(value)}`, () => assert.equal(encodeWords(value), shown));
}
