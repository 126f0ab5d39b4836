/** For a suite's `skip`: what is built with other languages' tools takes minutes, and is asked for by name. */
export const asked: string | false =
  process.env['KARIKAGI_TOOLCHAINS'] === undefined && 'takes minutes: npm run test:toolchains';
