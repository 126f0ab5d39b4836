/** Made by tools/crc64-wasm.mjs, where its source is. */

/** Bytes that the loop takes at a step: so many tables it needs. */
export const STEP = 16;

/** Of the memory; the tables take the first 32 KiB of it. */
export const BYTES_OF_TABLES = 32768;

/** The module, in base64: `update(crc: i64, start, end)` over its `memory` gives the next `crc`. */
export const MODULE = [
  'AGFzbQEAAAABCAFgA35/fwF+AwIBAAUDAQACBxMCBm1lbW9yeQIABnVwZGF0ZQAACpMDAZADAQJ+AkADQCABQRBqIAJLDQEgACAB',
  'KQMAhSEDIAEpAwghBCADQgCIp0H/AXFBA3QpA4DwASADQgiIp0H/AXFBA3QpA4DgAYUgA0IQiKdB/wFxQQN0KQOA0AGFIANCGIin',
  'Qf8BcUEDdCkDgMABhSADQiCIp0H/AXFBA3QpA4CwAYUgA0IoiKdB/wFxQQN0KQOAoAGFIANCMIinQf8BcUEDdCkDgJABhSADQjiI',
  'p0H/AXFBA3QpA4CAAYUgBEIAiKdB/wFxQQN0KQOAcIUgBEIIiKdB/wFxQQN0KQOAYIUgBEIQiKdB/wFxQQN0KQOAUIUgBEIYiKdB',
  '/wFxQQN0KQOAQIUgBEIgiKdB/wFxQQN0KQOAMIUgBEIoiKdB/wFxQQN0KQOAIIUgBEIwiKdB/wFxQQN0KQOAEIUgBEI4iKdB/wFx',
  'QQN0KQMAhSEAIAFBEGohAQwACwsCQANAIAEgAk8NASAAIAExAACFIQMgA0IAiKdB/wFxQQN0KQMAIABCCIiFIQAgAUEBaiEBDAAL',
  'CyAACw==',
].join('');
